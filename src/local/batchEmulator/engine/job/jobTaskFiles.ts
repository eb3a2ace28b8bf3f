import type { Cancel } from "../../../kit/clock.ts";
import { durationMs } from "../../duration.ts";
import type { Job } from "../../model/entities.ts";
import { taskFolder } from "../../model/nodeFolders.ts";
import type { Engine } from "../engine.ts";
import { nodeOf } from "./release.ts";

/** The files of a preparation and of a release stay on their nodes for so long after the end of their job. */
export function removeJobTaskFilesWhenDue(engine: Engine, job: Job): void {
  const { jobPreparationTask: preparation, jobReleaseTask: release } = job.record.spec;
  const cancels = [
    preparation && removeWhenDue(engine, job, preparation.id, preparation.constraints.retentionTime),
    release && removeWhenDue(engine, job, release.id, release.retentionTime),
  ];
  job.cancelFileRemoval = () => {
    for (const cancel of cancels) cancel?.();
  };
}

function removeWhenDue(engine: Engine, job: Job, taskId: string, retentionTime: string): Cancel | undefined {
  const { id, endTime } = job.record;
  if (endTime === undefined || job.nodes.size === 0) return undefined;
  return engine.after(Date.parse(endTime) + durationMs(retentionTime) - engine.nowMs(), () => {
    for (const jobNode of job.nodes.values()) {
      const node = nodeOf(engine, jobNode);
      if (node !== undefined) engine.inBackground(engine.runner.removeFolder(taskFolder(node, id, taskId)));
    }
  });
}
