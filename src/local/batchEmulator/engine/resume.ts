import { isArchived } from "../model/entities.ts";
import type { Job, Node, Pool, Task } from "../model/entities.ts";
import type { TaskEnd } from "../model/records.ts";
import type { Engine } from "./engine.ts";
import { exitActionsFor } from "./exitConditions.ts";
import { startWallClock } from "./job/jobCommands.ts";
import { continueEnding, terminateWhenAllComplete } from "./job/jobEndings.ts";
import { isEnding } from "./job/jobStates.ts";
import { removeJobTaskFilesWhenDue } from "./job/jobTaskFiles.ts";
import { interrupt } from "./job/preparation.ts";
import { continueJobSchedule } from "./jobSchedule/jobScheduleRuns.ts";
import { boot } from "./node/booting.ts";
import { setNodeState } from "./node/nodeStates.ts";
import { startAutoScale } from "./pool/autoscaling.ts";
import { startSampling } from "./pool/formulas.ts";
import { continueDeletion } from "./pool/poolCommands.ts";
import { continueResize, endResize } from "./pool/resizing.ts";
import { awaitDependencies, releaseDependents } from "./task/dependencies.ts";
import { ENDED_BY_USER } from "./task/failureInfos.ts";
import { filesUntil, removeFilesWhenDue } from "./task/retention.ts";
import { completeTask, requeueTask } from "./task/taskTransitions.ts";

/**
 * Takes up what the store holds, however the emulator was ended: as if all nodes had lost power. Before anything runs
 * again, ends the processes that an emulator killed by `kill -9` left behind.
 */
export async function resume(engine: Engine): Promise<void> {
  await engine.runner.killAllIn(engine.nodesFolder);
  for (const job of engine.store.jobs.values()) resumeJob(engine, job);
  for (const pool of engine.store.pools.values()) resumePool(engine, pool);
  for (const schedule of engine.store.jobSchedules.values()) continueJobSchedule(engine, schedule);
}

function resumeJob(engine: Engine, job: Job): void {
  if (job.record.state === "completed") removeJobTaskFilesWhenDue(engine, job);
  for (const jobNode of job.nodes.values()) interrupt(engine, jobNode, false);
  for (const [key, task] of job.tasks) {
    if (isArchived(task)) resumeCompleted(engine, job, key, task);
    else resumeTask(engine, key, task);
  }
  if (!isEnding(job)) startWallClock(engine, job);
  // One without tasks may have been about to end.
  terminateWhenAllComplete(engine, job);
  continueEnding(engine, job);
}

function resumeCompleted(engine: Engine, job: Job, key: string, end: TaskEnd): void {
  if (end.satisfies && job.record.spec.usesTaskDependencies) releaseDependents(job, key);
  removeFilesWhenDue(engine, end);
}

function resumeTask(engine: Engine, key: string, task: Task): void {
  const { job, record } = task;
  const { state, execution } = record.progress;
  if (state === "running" || state === "preparing") {
    if (job.record.state === "terminating") {
      completeTask(engine, task, { exitCode: engine.choices.killedExitCode, failureInfo: ENDED_BY_USER });
    } else {
      requeueTask(engine, task, { isCounted: false });
    }
  } else if (state === "active") {
    awaitDependencies(task);
  } else {
    // An earlier version kept completed tasks like all others.
    const actions = exitActionsFor(task, { exitCode: execution.exitCode, failureInfo: execution.failureInfo });
    const end = { satisfies: actions.dependencyAction === "satisfy", ...filesUntil(record, execution.endTime ?? "") };
    engine.store.completeTask(task, end, () => {});
    resumeCompleted(engine, job, key, end);
  }
}

function resumePool(engine: Engine, pool: Pool): void {
  for (const node of pool.nodes.values()) resumeNode(engine, node);
  if (pool.record.state === "deleting") {
    continueDeletion(engine, pool);
    return;
  }
  startSampling(engine, pool);
  if (pool.record.allocationState === "resizing") continueResize(engine, pool);
  if (pool.record.allocationState === "stopping") endResize(engine, pool, []);
  if (pool.record.enableAutoScale) startAutoScale(engine, pool);
}

function resumeNode(engine: Engine, node: Node): void {
  const { state } = node.record;
  if (state === "leavingpool") {
    engine.store.removeNode(node);
    engine.inBackground(engine.runner.removeFolder(node.record.folder));
    return;
  }
  if (state === "unusable") return;
  if (state === "deallocating" || state === "deallocated") {
    setNodeState(engine, node, "deallocated");
    return;
  }
  setNodeState(engine, node, state === "preempted" || state === "creating" ? "creating" : "rebooting");
  boot(engine, node);
}
