import { durationMs } from "../../duration.ts";
import { keyOf } from "../../model/entities.ts";
import type { Job } from "../../model/entities.ts";
import { taskFolder } from "../../model/nodeFolders.ts";
import type { Engine } from "../engine.ts";
import { nodeOf } from "./release.ts";

/** The files of a preparation and of a release stay on their nodes for so long after the end of their job. */
export function removeJobTaskFilesWhenDue(engine: Engine, job: Job): void {
  const { jobPreparationTask: preparation, jobReleaseTask: release } = job.record.spec;
  if (preparation !== undefined) removeWhenDue(engine, job, preparation.id, preparation.constraints.retentionTime);
  if (release !== undefined) removeWhenDue(engine, job, release.id, release.retentionTime);
}

function removeWhenDue(engine: Engine, job: Job, taskId: string, retentionTime: string): void {
  const { id, seq, endTime } = job.record;
  if (endTime === undefined || job.nodes.size === 0) return;
  engine.after(Date.parse(endTime) + durationMs(retentionTime) - engine.nowMs(), () => {
    // By now it may be gone, days ago, and another one have its name.
    const found = engine.store.jobs.get(keyOf(id));
    if (found?.record.seq !== seq) return;
    for (const jobNode of found.nodes.values()) {
      const node = nodeOf(engine, jobNode);
      if (node !== undefined) engine.inBackground(engine.runner.removeFolder(taskFolder(node, id, taskId)));
    }
  });
}
