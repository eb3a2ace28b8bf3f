import { ActionType } from "../engine/actions.ts";
import type { SdkTask } from "../engine/desync.ts";

/** As far as it is needed, and nothing of it certain. */
interface OrchestrationContext {
  readonly taskOrchestratorExecutor?: {
    readonly openTasks?: Readonly<Record<string, OpenTask>>;
  };
}

interface OpenTask {
  readonly actionObj?: { readonly actionType?: number; readonly functionName?: string; readonly isCanceled?: boolean };
}

/**
 * The tasks that an orchestrator waits for, by the numbers that the SDK gives them: `df` is the orchestrator's
 * `context.df` after its turn. The guard against desyncs compares them with the numbers of the engine.
 *
 * Inner part: `openTasks` of `taskOrchestratorExecutor`, and `actionObj` of a task, in durable-functions.
 * Seen with durable-functions 3.0.0 to 3.5.0.
 * Without it: undefined, and that one guard is off.
 */
export function readOpenTasks(df: unknown): readonly SdkTask[] | undefined {
  const open = (df as OrchestrationContext | undefined)?.taskOrchestratorExecutor?.openTasks;
  if (open === undefined) return undefined;
  return Object.entries(open).flatMap(([key, { actionObj: action }]) => {
    // The answer of an entity is awaited under a name, and nobody waits for a cancelled timer.
    if (!/^\d+$/.test(key) || action?.isCanceled === true || action?.actionType === ActionType.CallEntity) return [];
    return [{ id: Number(key), actionType: action?.actionType, name: action?.functionName }];
  });
}
