import type { Node } from "../../model/entities.ts";
import { startupFolder } from "../../model/nodeFolders.ts";
import type { NodeTaskInfo } from "../../model/records.ts";
import type { StartTaskSpec } from "../../requestBodies/poolBodies.ts";
import type { Outcome } from "../../runner/taskRunner.ts";
import type { Engine } from "../engine.ts";
import { startTaskEnvironment } from "../environment.ts";
import { failureOf } from "../task/failureInfos.ts";
import { becomeUsable, setNodeState } from "./nodeStates.ts";

/** Runs the pool's start task, if it has one, and makes the node usable or not by how it ended. */
export async function runStartTask(engine: Engine, node: Node, isCurrent: () => boolean): Promise<void> {
  const { startTask } = node.pool.record.spec;
  if (startTask === undefined) {
    becomeUsable(engine, node);
    return;
  }
  if (startTask.waitForSuccess) setNodeState(engine, node, "waitingforstarttask");
  else becomeUsable(engine, node);

  const info = await runWithRetries(engine, node, startTask, isCurrent);
  if (info === undefined) return;
  setInfo(engine, node, info);
  if (!startTask.waitForSuccess) return;
  if (info.result === "success") becomeUsable(engine, node);
  else setNodeState(engine, node, "starttaskfailed");
}

/** Undefined when the node has been restarted or lost meanwhile. */
async function runWithRetries(
  engine: Engine,
  node: Node,
  spec: StartTaskSpec,
  isCurrent: () => boolean,
): Promise<NodeTaskInfo | undefined> {
  let startTime = engine.now();
  for (let retryCount = 0; ; retryCount++) {
    const retry = retryCount === 0 ? {} : { lastRetryTime: startTime };
    setInfo(engine, node, { state: "running", startTime, retryCount, ...retry });
    const outcome = await runOnce(engine, node, spec, retryCount > 0);
    if (!isCurrent() || engine.isStopped) return undefined;
    const mayRetry = spec.maxTaskRetryCount === -1 || retryCount < spec.maxTaskRetryCount;
    if (outcome.kind !== "exited" || outcome.exitCode === 0 || !mayRetry) {
      const failureInfo = failureOf(outcome);
      return {
        state: "completed",
        startTime,
        endTime: engine.now(),
        ...(outcome.kind === "exited" && { exitCode: outcome.exitCode }),
        ...(failureInfo !== undefined && { failureInfo }),
        retryCount,
        ...retry,
        result: failureInfo === undefined ? "success" : "failure",
      };
    }
    startTime = engine.now();
  }
}

async function runOnce(engine: Engine, node: Node, spec: StartTaskSpec, isRetry: boolean): Promise<Outcome> {
  const exitCode = engine.faults.onStartTask(node.pool.record.id);
  if (exitCode !== undefined) return { kind: "exited", exitCode };
  const execution = engine.runner.start({
    commandLine: spec.commandLine,
    folder: startupFolder(node),
    environment: startTaskEnvironment(engine, node),
    resourceFiles: spec.resourceFiles ?? [],
    appendsOutput: isRetry && engine.choices.outputOnRetry === "append",
  });
  node.killStartTask = () => execution.kill();
  try {
    return await execution.outcome;
  } finally {
    node.killStartTask = undefined;
  }
}

function setInfo(engine: Engine, node: Node, info: NodeTaskInfo): void {
  node.record.startTaskInfo = info;
  engine.store.saveNode(node);
}
