import type { BatchServiceClient } from "@azure/batch";
import type { BatchSettings } from "../../config.ts";
import { BatchError } from "../../model/errors.ts";
import { retrying, unlessCode, unlessMissing } from "./retrying.ts";

/** When a job takes no more tasks, its next generation takes over: `mp3drop`, `mp3drop-2`, … */
const MAX_GENERATION = 1000;

/** Finds the first generation of the job that takes tasks, or creates one, and returns its id. */
export async function ensureJob(client: BatchServiceClient, { jobId, poolId }: BatchSettings): Promise<string> {
  for (let generation = 1; generation <= MAX_GENERATION; generation++) {
    const id = idOf(jobId, generation);
    const state = await readJobState(client, id);
    if (state === "active" || state === "enabling") return id;
    if (state === "gone") {
      // If somebody else was faster, their job is the same. It must stay open when its tasks are done: with the other
      // setting, Batch would end it whenever it is empty for a moment.
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
  }
  throw new BatchError(
    `Jobs ${jobId} to ${jobId}-${MAX_GENERATION} all exist and are not active; delete the old ones`,
    {
      code: "JobNotActive",
      statusCode: 409,
    },
  );
}

/** Deletes the completed generations before the one in use, with their tasks. */
export async function deleteCompletedJobs(client: BatchServiceClient, jobId: string, idInUse: string): Promise<void> {
  for (let generation = 1; idOf(jobId, generation) !== idInUse; generation++) {
    const id = idOf(jobId, generation);
    if ((await readJobState(client, id)) !== "completed") continue;
    await retrying(`delete job ${id}`, () => client.job.deleteMethod(id));
  }
}

/** In the service's words, or `gone` if there is no such job. */
export async function readJobState(client: BatchServiceClient, id: string): Promise<string> {
  const job = await unlessMissing(`read job ${id}`, () =>
    client.job.get(id, { jobGetOptions: { select: "id,state" } }),
  );
  return job === undefined ? "gone" : (job.state?.toLowerCase() ?? "active");
}

function idOf(jobId: string, generation: number): string {
  return generation === 1 ? jobId : `${jobId}-${generation}`;
}
