import { durationMs } from "../../duration.ts";
import type { NodeTaskRun } from "../../model/entities.ts";
import type { NodeTaskInfo } from "../../model/records.ts";
import type { Outcome, Work } from "../../runner/taskRunner.ts";
import type { Engine } from "../engine.ts";
import { ENDED_BY_SERVICE, ENDED_BY_USER, failureOf, NO_CONTAINERS } from "../task/failureInfos.ts";

/** A start, preparation or release task. */
export interface NodeTask {
  readonly work: Omit<Work, "appendsOutput">;
  readonly maxTaskRetryCount: number;
  /** Of each try; without it, none. */
  readonly maxWallClockTime?: string;
  readonly containerSettings?: object | undefined;
  /** How a try ends by a fault, in place of running. */
  readonly fault?: () => Outcome | undefined;
}

interface Watcher {
  /** Whether anybody still wants to know: the node may have been restarted or lost. */
  isCurrent(): boolean;
  /** A try begins. */
  note(info: NodeTaskInfo): void;
}

/** Runs the task to its end, with its retries. Undefined if nobody wants to know any more. */
export async function runNodeTask(
  engine: Engine,
  task: NodeTask,
  run: NodeTaskRun,
  watcher: Watcher,
): Promise<NodeTaskInfo | undefined> {
  let startTime = engine.now();
  for (let retryCount = 0; ; retryCount++) {
    const retry = retryCount === 0 ? {} : { lastRetryTime: startTime };
    watcher.note({ state: "running", startTime, retryCount, ...retry });
    const { outcome, isExpired } = await attempt(engine, task, run, retryCount > 0);
    if (!watcher.isCurrent() || engine.isStopped) return undefined;
    const mayRetry = task.maxTaskRetryCount === -1 || retryCount < task.maxTaskRetryCount;
    const isOver = outcome.kind !== "exited" || outcome.exitCode === 0 || isExpired || run.isTerminated;
    if (isOver || !mayRetry) {
      const failureInfo = run.isTerminated ? ENDED_BY_USER : isExpired ? ENDED_BY_SERVICE : failureOf(outcome);
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

async function attempt(
  engine: Engine,
  task: NodeTask,
  run: NodeTaskRun,
  isRetry: boolean,
): Promise<{ outcome: Outcome; isExpired: boolean }> {
  const fault = task.fault?.();
  if (fault !== undefined) return { outcome: fault, isExpired: false };
  if (task.containerSettings !== undefined) {
    return { outcome: { kind: "failed", failure: NO_CONTAINERS }, isExpired: false };
  }
  const appendsOutput = isRetry && engine.choices.outputOnRetry === "append";
  const execution = engine.runner.start({ ...task.work, appendsOutput });
  let isExpired = false;
  run.kill = () => execution.kill();
  if (run.isTerminated) execution.kill();
  const limitMs = task.maxWallClockTime === undefined ? Number.POSITIVE_INFINITY : durationMs(task.maxWallClockTime);
  const cancel = engine.after(limitMs, () => {
    isExpired = true;
    execution.kill();
  });
  try {
    const outcome = await execution.outcome;
    const isKilled = isExpired || run.isTerminated;
    return { outcome: isKilled ? { kind: "exited", exitCode: engine.choices.killedExitCode } : outcome, isExpired };
  } finally {
    cancel();
    run.kill = () => {};
  }
}
