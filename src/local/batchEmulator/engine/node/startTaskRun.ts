import type { Node, NodeTaskRun } from "../../model/entities.ts";
import { startupFolder } from "../../model/nodeFolders.ts";
import type { NodeTaskInfo } from "../../model/records.ts";
import type { StartTaskSpec } from "../../requestBodies/poolBodies.ts";
import type { Outcome } from "../../runner/taskRunner.ts";
import type { Engine } from "../engine.ts";
import { startTaskEnvironment } from "../environment.ts";
import { runNodeTask } from "./nodeTaskRun.ts";
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

  const run: NodeTaskRun = { isTerminated: false, kill: () => {} };
  const killStartTask = (): void => run.kill();
  node.killStartTask = killStartTask;
  const note = (info: NodeTaskInfo): void => setInfo(engine, node, info);
  const info = await runNodeTask(engine, nodeTaskOf(engine, node, startTask), run, { isCurrent, note });
  if (node.killStartTask === killStartTask) node.killStartTask = undefined;
  if (info === undefined) return;
  setInfo(engine, node, info);
  if (!startTask.waitForSuccess) return;
  if (info.result === "success") {
    becomeUsable(engine, node);
  } else {
    setNodeState(engine, node, "starttaskfailed");
    engine.emit({ kind: "nodeUnfit", node });
  }
}

function nodeTaskOf(engine: Engine, node: Node, spec: StartTaskSpec) {
  return {
    work: {
      commandLine: spec.commandLine,
      folder: startupFolder(node),
      environment: startTaskEnvironment(engine, node),
      resourceFiles: spec.resourceFiles ?? [],
    },
    maxTaskRetryCount: spec.maxTaskRetryCount,
    fault: (): Outcome | undefined => {
      const exitCode = engine.faults.onStartTask(node.pool.record.id);
      return exitCode === undefined ? undefined : { kind: "exited", exitCode };
    },
  };
}

function setInfo(engine: Engine, node: Node, info: NodeTaskInfo): void {
  node.record.startTaskInfo = info;
  engine.store.saveNode(node);
}
