import { durationMs } from "../../duration.ts";
import { keyOf } from "../../model/entities.ts";
import type { ActiveRun, Node, Task } from "../../model/entities.ts";
import { taskFolder } from "../../model/nodeFolders.ts";
import type { FailureInfo } from "../../model/records.ts";
import type { OutputFile } from "../../requestBodies/fileBodies.ts";
import type { Outcome, Work } from "../../runner/taskRunner.ts";
import type { Engine } from "../engine.ts";
import { taskEnvironment } from "../environment.ts";
import { ENDED_BY_SERVICE, ENDED_BY_USER, failureOf, NO_CONTAINERS, unknownFailure } from "./failureInfos.ts";
import { assignTask, beginTask, completeTask, requeueTask } from "./taskTransitions.ts";

type Placement = Pick<ActiveRun, "isExclusive" | "isPreparing">;

/** Puts an active task on a node and runs it there to its end, at once or when its job has been prepared there. */
export function startRun(engine: Engine, task: Task, node: Node, placement: Placement): void {
  const run: ActiveRun = { task, node, slots: task.record.spec.requiredSlots, ...placement, kill: () => {} };
  if (run.isPreparing) run.kill = () => leaveUnstarted(engine, run);
  task.run = run;
  task.job.runs.add(run);
  node.runs.add(run);
  assignTask(engine, task, node, run.isPreparing);
  // Before the process exists: after a kill -9 the journal must know every task that may have run.
  engine.store.commit();
  engine.emit({ kind: "runStarted", run });
  if (!run.isPreparing) begin(engine, run);
}

/** The job has been prepared: a task that waited for it runs. */
export function beginPrepared(engine: Engine, run: ActiveRun): void {
  run.isPreparing = false;
  run.kill = () => {};
  beginTask(engine, run.task);
  begin(engine, run);
}

function leaveUnstarted(engine: Engine, run: ActiveRun): void {
  run.kill = () => {};
  finish(engine, run, () => settle(engine, run));
}

function begin(engine: Engine, run: ActiveRun): void {
  const { task } = run;
  runToEnd(engine, run).catch((error: unknown) => {
    engine.log(`Task ${task.record.id} of job ${task.job.record.id} broke the emulator: ${String(error)}`);
    finish(engine, run, () => completeTask(engine, task, { failureInfo: unknownFailure(error) }));
  });
}

/** Ends a run early. "dropped" and "requeued" make the task active again; only the latter counts as a requeue. */
export function endRun(run: ActiveRun, ending: NonNullable<ActiveRun["ending"]>): void {
  // The first to ask decides, but nobody brings back a task that a user has ended.
  if (run.ending === undefined || ending === "terminated") run.ending = ending;
  run.kill();
}

async function runToEnd(engine: Engine, run: ActiveRun): Promise<void> {
  const { task } = run;
  if (task.record.spec.authenticationTokenSettings !== undefined) run.token = engine.tokens.issue(task.job);
  let work = workOf(engine, run);
  for (;;) {
    const outcome = await attempt(engine, run, work);
    if (engine.isStopped) return;
    if (wasTakenAway(run)) break;
    if (run.ending === undefined && mayRetry(task, outcome)) {
      noteRetry(engine, task);
      work = { ...work, appendsOutput: engine.choices.outputOnRetry === "append" };
      continue;
    }
    const failure = run.ending === "expired" ? ENDED_BY_SERVICE : failureOf(outcome);
    const uploadFailure =
      outcome.kind === "exited" ? await upload(engine, run, work, failure === undefined) : undefined;
    if (engine.isStopped) return;
    if (wasTakenAway(run)) break;
    finish(engine, run, () => concludeRun(engine, run, outcome, failure, uploadFailure));
    return;
  }
  finish(engine, run, () => settle(engine, run));
}

/** What becomes of a task that was taken off its node. */
function settle(engine: Engine, { task, ending }: ActiveRun): void {
  if (ending === "terminated") {
    completeTask(engine, task, { exitCode: engine.choices.killedExitCode, failureInfo: ENDED_BY_USER });
  } else {
    requeueTask(engine, task, { isCounted: ending === "requeued" });
  }
}

/** Somebody ended the run, so how its command ended does not matter. */
function wasTakenAway({ ending }: ActiveRun): boolean {
  return ending !== undefined && ending !== "expired";
}

async function attempt(engine: Engine, run: ActiveRun, work: Work): Promise<Outcome> {
  const { job, record } = run.task;
  if (record.spec.containerSettings !== undefined) return { kind: "failed", failure: NO_CONTAINERS };
  const failure = engine.faults.onDownload(job.record.id);
  if (failure !== undefined && work.resourceFiles.length > 0) return { kind: "failed", failure };
  const execution = engine.runner.start(work);
  run.kill = () => execution.kill();
  // Somebody may have ended the run before there was anything to kill.
  if (run.ending !== undefined) execution.kill();
  const cancel = engine.after(durationMs(record.spec.constraints.maxWallClockTime), () => endRun(run, "expired"));
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
  const files = (run.task.record.spec.outputFiles ?? []).filter((file) => isForUpload(file, isSuccess));
  if (files.length === 0) return undefined;
  const fault = engine.faults.onUpload(run.task.job.record.id);
  if (fault !== undefined) return fault;
  const execution = engine.runner.upload(work, files);
  run.kill = () => execution.kill();
  try {
    return await execution.outcome;
  } finally {
    run.kill = () => {};
  }
}

function isForUpload({ uploadOptions }: OutputFile, isSuccess: boolean): boolean {
  const { uploadCondition } = uploadOptions;
  return uploadCondition === "TaskCompletion" || (uploadCondition === "TaskSuccess") === isSuccess;
}

/** Only a non-zero exit is tried again; failed downloads, launches and uploads are final. */
function mayRetry({ record }: Task, outcome: Outcome): boolean {
  const { maxTaskRetryCount } = record.spec.constraints;
  if (outcome.kind !== "exited" || outcome.exitCode === 0) return false;
  return maxTaskRetryCount === -1 || record.progress.execution.retryCount < maxTaskRetryCount;
}

function noteRetry(engine: Engine, task: Task): void {
  engine.store.progressTask(task, ({ execution }) => {
    execution.retryCount++;
    execution.lastRetryTime = engine.now();
    execution.startTime = engine.now();
  });
}

function concludeRun(
  engine: Engine,
  { task, node }: ActiveRun,
  outcome: Outcome,
  failure: FailureInfo | undefined,
  uploadFailure: FailureInfo | undefined,
): void {
  const failureInfo = failure ?? uploadFailure;
  node.record.totalTasksRun++;
  if (failureInfo === undefined) node.record.totalTasksSucceeded++;
  completeTask(engine, task, {
    exitCode: outcome.kind === "exited" ? outcome.exitCode : undefined,
    failureInfo,
    isUploadFailure: failure === undefined && uploadFailure !== undefined,
    isPreProcessingFailure: outcome.kind === "failed",
  });
}

function finish(engine: Engine, run: ActiveRun, conclude: () => void): void {
  const { task, node } = run;
  task.job.runs.delete(run);
  node.runs.delete(run);
  if (task.run === run) task.run = undefined;
  if (run.token !== undefined) engine.tokens.revoke(run.token);
  const isDeleted = task.job.tasks.get(keyOf(task.record.id)) !== task;
  if (!isDeleted) conclude();
  engine.emit({ kind: "runEnded", run });
}

function workOf(engine: Engine, run: ActiveRun): Work {
  const { task, node } = run;
  const { job, record } = task;
  return {
    commandLine: record.spec.commandLine,
    folder: taskFolder(node, job.record.id, record.id),
    environment: taskEnvironment(engine, run),
    resourceFiles: record.spec.resourceFiles ?? [],
    appendsOutput: false,
  };
}
