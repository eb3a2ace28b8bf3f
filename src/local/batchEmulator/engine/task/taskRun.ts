import { durationMs } from "../../duration.ts";
import type { ActiveRun, Node, Task } from "../../model/entities.ts";
import type { FailureInfo, TaskExecution } from "../../model/records.ts";
import type { OutputFile } from "../../requestBodies/fileBodies.ts";
import type { Engine } from "../engine.ts";
import { folderOf, taskEnvironment } from "../environment.ts";
import { ENDED_BY_SERVICE, ENDED_BY_USER, failureExitCode } from "./failureInfos.ts";
import { afterRunEnded } from "../job/jobEndings.ts";
import { loseNode } from "../node/nodeLoss.ts";
import { onRunEnded } from "../node/nodeCommands.ts";
import { refreshUsableNode } from "../node/nodeStates.ts";
import type { Outcome, Work } from "../../runner/taskRunner.ts";
import { schedule } from "../scheduling/scheduler.ts";
import { completeTask, requeueTask } from "./taskTransitions.ts";

/** Puts an active task on a node and runs it to its end there. */
export function startRun(engine: Engine, task: Task, node: Node): void {
  const { job } = task;
  const run: ActiveRun = { task, node, slots: task.record.spec.requiredSlots, kill: () => {} };
  job.ready.delete(task);
  job.runs.add(run);
  node.runs.add(run);
  task.run = run;
  engine.store.progressTask(task, (progress) => {
    const now = engine.now();
    progress.previousState = progress.state;
    progress.previousStateTransitionTime = progress.stateTransitionTime;
    progress.state = "running";
    progress.stateTransitionTime = now;
    progress.execution.startTime = now;
    progress.node = { poolId: node.pool.record.id, nodeId: node.record.id };
    delete progress.filesCleanedUp;
  });
  // Before the process exists: after a kill -9 the journal must know of every task that may have run.
  engine.store.commit();
  refreshUsableNode(engine, node);

  const fault = engine.faults.onTaskStart(node.pool.record.id, node.record.isDedicated);
  if (fault !== undefined) engine.after(fault.afterMs, () => loseNode(engine, node, fault.what));
  runToEnd(engine, run).catch((error: unknown) => {
    engine.log(`Task ${task.record.id} of job ${job.record.id} broke the emulator: ${String(error)}`);
    finish(engine, run, () => completeTask(engine, task, { failureInfo: unknownFailure(error) }));
  });
}

/** Ends a run early. "dropped" and "requeued" make the task active again; only the latter is counted as a requeue. */
export function endRun(_engine: Engine, run: ActiveRun, ending: NonNullable<ActiveRun["ending"]>): void {
  // Who asked first decides, but nobody can bring a task back that a user has ended.
  if (run.ending === undefined || ending === "terminated") run.ending = ending;
  run.kill();
}

async function runToEnd(engine: Engine, run: ActiveRun): Promise<void> {
  const { task, node } = run;
  let work = workOf(engine, run);
  const { execution } = task.record.progress;
  for (;;) {
    const outcome = await attempt(engine, run, work);
    if (engine.isStopped) return;
    if (run.ending !== undefined && run.ending !== "expired") break;
    if (run.ending === undefined && mayRetry(task, outcome, execution)) {
      noteRetry(engine, task);
      work = { ...work, appendsOutput: engine.choices.outputOnRetry === "append" };
      continue;
    }
    const exitCode = outcome.kind === "exited" ? outcome.exitCode : undefined;
    const failureInfo = run.ending === "expired" ? ENDED_BY_SERVICE : failureOf(outcome);
    const uploadFailure =
      exitCode === undefined ? undefined : await upload(engine, run, work, exitCode === 0 && failureInfo === undefined);
    if (engine.isStopped) return;
    if (run.ending !== undefined && run.ending !== "expired") break;
    finish(engine, run, () => {
      node.record.totalTasksRun++;
      if (failureInfo === undefined && uploadFailure === undefined) node.record.totalTasksSucceeded++;
      completeTask(engine, task, {
        exitCode,
        failureInfo: failureInfo ?? uploadFailure,
        isUploadFailure: failureInfo === undefined && uploadFailure !== undefined,
        isPreProcessingFailure: outcome.kind === "failed",
      });
    });
    return;
  }
  finish(engine, run, () => {
    if (run.ending === "terminated") {
      completeTask(engine, task, { exitCode: engine.choices.killedExitCode, failureInfo: ENDED_BY_USER });
    } else requeueTask(engine, task, { isCounted: run.ending === "requeued" });
  });
}

async function attempt(engine: Engine, run: ActiveRun, work: Work): Promise<Outcome> {
  const { job, record } = run.task;
  const failure = engine.faults.onDownload(job.record.id);
  if (failure !== undefined && work.resourceFiles.length > 0) return { kind: "failed", failure };
  const execution = engine.runner.start(work);
  run.kill = () => execution.kill();
  // Asked for while there was nothing to kill yet.
  if (run.ending !== undefined) execution.kill();
  const cancel = engine.after(durationMs(record.spec.constraints.maxWallClockTime), () =>
    endRun(engine, run, "expired"),
  );
  try {
    const outcome = await execution.outcome;
    return run.ending === "expired" ? { kind: "exited", exitCode: engine.choices.killedExitCode } : outcome;
  } finally {
    cancel();
    run.kill = () => {};
  }
}

async function upload(
  engine: Engine,
  run: ActiveRun,
  work: Work,
  isSuccess: boolean,
): Promise<FailureInfo | undefined> {
  const files = (run.task.record.spec.outputFiles ?? []).filter((file) => shallUpload(file, isSuccess));
  if (files.length === 0) return undefined;
  return engine.faults.onUpload(run.task.job.record.id) ?? (await engine.runner.upload(work, files));
}

function shallUpload({ uploadOptions }: OutputFile, isSuccess: boolean): boolean {
  const { uploadCondition } = uploadOptions;
  return uploadCondition === "TaskCompletion" || (uploadCondition === "TaskSuccess") === isSuccess;
}

/** Only a non-zero exit is tried again; failures of downloads, launches and uploads are final. */
function mayRetry(task: Task, outcome: Outcome, execution: TaskExecution): boolean {
  const { maxTaskRetryCount } = task.record.spec.constraints;
  if (outcome.kind !== "exited" || outcome.exitCode === 0) return false;
  return maxTaskRetryCount === -1 || execution.retryCount < maxTaskRetryCount;
}

function noteRetry(engine: Engine, task: Task): void {
  engine.store.progressTask(task, ({ execution }) => {
    execution.retryCount++;
    execution.lastRetryTime = engine.now();
    execution.startTime = engine.now();
  });
}

function failureOf(outcome: Outcome): FailureInfo | undefined {
  if (outcome.kind === "failed") return outcome.failure;
  return outcome.exitCode === 0 ? undefined : failureExitCode();
}

function finish(engine: Engine, run: ActiveRun, conclude: () => void): void {
  const { task, node } = run;
  task.job.runs.delete(run);
  node.runs.delete(run);
  if (task.run === run) task.run = undefined;
  // Deleted meanwhile.
  if (task.job.tasks.get(task.record.id.toLowerCase()) === task) conclude();
  refreshUsableNode(engine, node);
  onRunEnded(engine, node);
  afterRunEnded(engine, task.job);
  schedule(engine, node.pool.record.id);
}

function workOf(engine: Engine, { task, node }: ActiveRun): Work {
  return {
    kind: "task",
    commandLine: task.record.spec.commandLine,
    folder: folderOf(node, task.job, task),
    environment: taskEnvironment(engine, task, node),
    resourceFiles: task.record.spec.resourceFiles ?? [],
    appendsOutput: false,
  };
}

function unknownFailure(error: unknown): FailureInfo {
  return { category: "ServerError", code: "Unknown", message: error instanceof Error ? error.message : String(error) };
}
