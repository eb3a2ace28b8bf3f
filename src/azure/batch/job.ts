import type { BatchServiceClient } from "@azure/batch";
import type { BatchSettings } from "../../config.ts";
import { BatchError } from "../../errors.ts";
import { unlessCode, unlessMissing } from "./retrying.ts";

/** A job that is no longer active cannot be revived, so the next generation takes over: `mp3drop`, `mp3drop-2`, … */
const MAX_GENERATION = 1000;

/** Finds the newest generation of the job, creates one when there is none that takes tasks, and returns its id. */
export async function ensureJob(client: BatchServiceClient, { jobId, poolId }: BatchSettings): Promise<string> {
  for (let generation = 1; generation <= MAX_GENERATION; generation++) {
    const id = generation === 1 ? jobId : `${jobId}-${generation}`;
    const found = await unlessMissing(`read job ${id}`, () =>
      client.job.get(id, { jobGetOptions: { select: "id,state" } }),
    );
    if (found === undefined) {
      // Whoever was faster has created the same job. One that stays when its tasks are done is what we want: the
      // alternative ends a job that is empty for a moment.
      await unlessCode(`create job ${id}`, ["JobExists"], () =>
        client.job.add({
          id,
          displayName: "mp3drop conversions",
          poolInfo: { poolId },
          onAllTasksComplete: "noaction",
        }),
      );
      return id;
    }
    if (found.state === "active" || found.state === "enabling") return id;
  }
  throw new BatchError(
    `Jobs ${jobId} to ${jobId}-${MAX_GENERATION} all exist and are not active; delete the old ones`,
    {
      code: "JobNotActive",
      statusCode: 409,
    },
  );
}
