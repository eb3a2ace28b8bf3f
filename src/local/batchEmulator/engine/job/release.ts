import { keyOf } from "../../model/entities.ts";
import type { JobNode, Job, Node } from "../../model/entities.ts";
import { taskFolder } from "../../model/nodeFolders.ts";
import type { NodeState, NodeTaskInfo } from "../../model/records.ts";
import type { JobReleaseSpec } from "../../requestBodies/jobTaskBodies.ts";
import type { Engine } from "../engine.ts";
import { jobTaskEnvironment } from "../environment.ts";
import { isUsable } from "../node/nodeStates.ts";
import { downloadFault, runJobTask } from "./jobTaskRun.ts";

/** On such a node nothing is left to release, or nobody is left to do it. */
const GONE: readonly NodeState[] = [
  "unusable",
  "starttaskfailed",
  "preempted",
  "leavingpool",
  "deallocating",
  "deallocated",
];

/**
 * Begins the release on every node that has run the preparation and has not released the job yet; one that is restarting
 * is waited for. Gives whether all is done and the job may end. https://learn.microsoft.com/azure/batch/batch-job-prep-release
 */
export function releaseNodes(engine: Engine, job: Job): boolean {
  const { jobReleaseTask: spec } = job.record.spec;
  let isDone = true;
  for (const jobNode of job.nodes.values()) {
    if (jobNode.run !== undefined) {
      isDone = false;
      continue;
    }
    const node = nodeOf(engine, jobNode);
    if (spec === undefined || node === undefined || jobNode.record.release !== undefined) continue;
    if (GONE.includes(node.record.state)) continue;
    isDone = false;
    if (isUsable(node.record.state)) beginRelease(engine, jobNode, node, spec);
  }
  return isDone;
}

export function nodeOf(engine: Engine, { record: { poolId, nodeId } }: JobNode): Node | undefined {
  return engine.store.pools.get(keyOf(poolId))?.nodes.get(keyOf(nodeId));
}

function beginRelease(engine: Engine, jobNode: JobNode, node: Node, spec: JobReleaseSpec): void {
  const { job } = jobNode;
  const note = (info: NodeTaskInfo): void => {
    jobNode.record.release = info;
    engine.store.saveJobNode(jobNode);
    // Before the process exists: after a kill -9 the journal must know what may have run.
    engine.store.commit();
  };
  const work = {
    commandLine: spec.commandLine,
    folder: taskFolder(node, job.record.id, spec.id),
    environment: jobTaskEnvironment(engine, job, node, spec),
    resourceFiles: spec.resourceFiles ?? [],
  };
  const task = {
    work,
    containerSettings: spec.containerSettings,
    maxTaskRetryCount: 0,
    maxWallClockTime: spec.maxWallClockTime,
    fault: downloadFault(engine, job, spec.resourceFiles),
  };
  runJobTask(engine, jobNode, node, task, note);
}
