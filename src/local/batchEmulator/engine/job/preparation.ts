import { keyOf } from "../../model/entities.ts";
import type { Job, JobNode, Node } from "../../model/entities.ts";
import { taskFolder } from "../../model/nodeFolders.ts";
import type { NodeTaskInfo } from "../../model/records.ts";
import type { JobPreparationSpec } from "../../requestBodies/jobTaskBodies.ts";
import type { Engine } from "../engine.ts";
import { jobTaskEnvironment } from "../environment.ts";
import type { NodeTask } from "../node/nodeTaskRun.ts";
import { ENDED_WITH_NODE } from "../task/failureInfos.ts";
import { beginPrepared, endRun } from "../task/taskRun.ts";
import { downloadFault, runJobTask } from "./jobTaskRun.ts";

/*
 * Before the first task of a job on a node its preparation runs there. The tasks that the scheduler has put on the node
 * wait for it, in the state preparing and in the places that they will run in; when it fails, they go back.
 * https://learn.microsoft.com/azure/batch/batch-job-prep-release
 */

/** A node on which the preparation has failed takes no tasks of the job until it has been reimaged. */
export function mayRunOn(job: Job, node: Node): boolean {
  const { jobPreparationTask: spec } = job.record.spec;
  if (spec?.waitForSuccess !== true) return true;
  const jobNode = job.nodes.get(keyOf(node.record.id));
  if (jobNode === undefined || jobNode.record.isOutdated === true) return true;
  return jobNode.record.preparation.result !== "failure";
}

/** Begins the preparation if the node needs it, and gives whether tasks have to wait for it. */
export function prepareNode(engine: Engine, job: Job, node: Node): boolean {
  const { jobPreparationTask: spec } = job.record.spec;
  if (spec === undefined) return false;
  const known = job.nodes.get(keyOf(node.record.id));
  const isNeeded = known === undefined || known.record.isOutdated === true;
  const jobNode = isNeeded ? beginPreparation(engine, job, node, known, spec) : known;
  return spec.waitForSuccess && jobNode.record.preparation.state === "running";
}

/** Ends the preparations that run, because the job ends. */
export function endPreparations(job: Job): void {
  for (const { run, record } of job.nodes.values()) {
    if (run === undefined || record.release !== undefined) continue;
    run.isTerminated = true;
    run.kill();
  }
}

/** Ends preparations and releases without a word, because the job is gone. */
export function dropJobTasks(job: Job): void {
  for (const jobNode of job.nodes.values()) {
    const { run } = jobNode;
    jobNode.run = undefined;
    run?.kill();
  }
}

/** The machine has stopped: what ran on it has ended, and what it had prepared may be gone. */
export function interruptJobTasks(engine: Engine, node: Node, isDiskLost: boolean): void {
  const key = keyOf(node.record.id);
  for (const job of engine.store.jobs.values()) {
    const jobNode = job.nodes.get(key);
    if (jobNode !== undefined) interrupt(engine, jobNode, isDiskLost);
  }
}

export function interrupt(engine: Engine, jobNode: JobNode, isDiskLost: boolean): void {
  const { record, job, run } = jobNode;
  const isCompleted = job.record.state === "completed";
  if (isCompleted && record.release?.state !== "running") return;
  jobNode.run = undefined;
  run?.kill();
  if (record.release?.state === "running") {
    // A job that did not wait for it does not begin it again.
    if (isCompleted) record.release = endedWithNode(engine, record.release);
    else delete record.release;
  } else if (record.release === undefined) {
    const wasRunning = record.preparation.state === "running";
    if (wasRunning) record.preparation = endedWithNode(engine, record.preparation);
    const isRepeated = job.record.spec.jobPreparationTask?.rerunOnNodeRebootAfterSuccess === true;
    const isSuccess = record.preparation.result === "success";
    if (wasRunning || isDiskLost || (isRepeated && isSuccess)) record.isOutdated = true;
  }
  engine.store.saveJobNode(jobNode);
}

function beginPreparation(
  engine: Engine,
  job: Job,
  node: Node,
  known: JobNode | undefined,
  spec: JobPreparationSpec,
): JobNode {
  const preparation: NodeTaskInfo = { state: "running", startTime: engine.now(), retryCount: 0 };
  const place = { poolId: node.pool.record.id, nodeId: node.record.id };
  const jobNode = known ?? engine.store.addJobNode(job, { seq: engine.store.nextSeq(), ...place, preparation });
  delete jobNode.record.isOutdated;
  const note = (info: NodeTaskInfo): void => {
    jobNode.record.preparation = info;
    engine.store.saveJobNode(jobNode);
    if (info.state === "completed") settleWaiting(engine, job, node, info.result === "success");
  };
  runJobTask(engine, jobNode, node, nodeTaskOf(engine, job, node, spec), note);
  return jobNode;
}

function settleWaiting(engine: Engine, job: Job, node: Node, isPrepared: boolean): void {
  for (const run of node.runs) {
    if (run.task.job !== job || !run.isPreparing) continue;
    if (isPrepared) beginPrepared(engine, run);
    else endRun(run, "dropped");
  }
}

function nodeTaskOf(engine: Engine, job: Job, node: Node, spec: JobPreparationSpec): NodeTask {
  const { maxTaskRetryCount, maxWallClockTime } = spec.constraints;
  return {
    work: {
      commandLine: spec.commandLine,
      folder: taskFolder(node, job.record.id, spec.id),
      environment: jobTaskEnvironment(engine, job, node, spec),
      resourceFiles: spec.resourceFiles ?? [],
    },
    containerSettings: spec.containerSettings,
    maxTaskRetryCount,
    maxWallClockTime,
    fault: downloadFault(engine, job, spec.resourceFiles),
  };
}

function endedWithNode(engine: Engine, { startTime, retryCount, lastRetryTime }: NodeTaskInfo): NodeTaskInfo {
  return {
    state: "completed",
    startTime,
    endTime: engine.now(),
    failureInfo: ENDED_WITH_NODE,
    retryCount,
    ...(lastRetryTime !== undefined && { lastRetryTime }),
    result: "failure",
  };
}
