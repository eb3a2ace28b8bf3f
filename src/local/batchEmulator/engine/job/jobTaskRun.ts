import type { Job, JobNode, Node, NodeTaskRun } from "../../model/entities.ts";
import type { NodeTaskInfo } from "../../model/records.ts";
import type { Outcome } from "../../runner/taskRunner.ts";
import type { Engine } from "../engine.ts";
import { runNodeTask } from "../node/nodeTaskRun.ts";
import type { NodeTask } from "../node/nodeTaskRun.ts";
import { unknownFailure } from "../task/failureInfos.ts";

/** Runs the preparation or release of a job on a node. `note` hears of each try and of the end. */
export function runJobTask(
  engine: Engine,
  jobNode: JobNode,
  node: Node,
  task: NodeTask,
  note: (info: NodeTaskInfo) => void,
): void {
  const run: NodeTaskRun = { isTerminated: false, kill: () => {} };
  jobNode.run = run;
  const startTime = engine.now();
  const isCurrent = (): boolean => jobNode.run === run;
  const end = (info: NodeTaskInfo | undefined): void => {
    if (info === undefined || !isCurrent()) return;
    jobNode.run = undefined;
    note(info);
    engine.emit({ kind: "jobTaskEnded", job: jobNode.job, node });
  };
  const running = runNodeTask(engine, task, run, { isCurrent, note }).then(end, (error: unknown) => {
    engine.log(`A task of job ${jobNode.job.record.id} broke the emulator: ${String(error)}`);
    const failureInfo = unknownFailure(error);
    end({ state: "completed", startTime, endTime: engine.now(), failureInfo, retryCount: 0, result: "failure" });
  });
  engine.inBackground(running);
}

/** How a try ends by a fault, if it has anything to download. */
export function downloadFault(
  engine: Engine,
  job: Job,
  resourceFiles: readonly unknown[] | undefined,
): () => Outcome | undefined {
  return () => {
    const failure = (resourceFiles ?? []).length > 0 ? engine.faults.onDownload(job.record.id) : undefined;
    return failure === undefined ? undefined : { kind: "failed", failure };
  };
}
