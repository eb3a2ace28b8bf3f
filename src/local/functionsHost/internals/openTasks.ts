import { ActionType } from "../engine/actions.ts";
import type { SdkTask } from "../engine/desync.ts";

/** The part we use, none of it guaranteed. */
interface OrchestrationContext {
  readonly taskOrchestratorExecutor?: {
    readonly openTasks?: Readonly<Record<string, OpenTask>>;
  };
}

interface OpenTask {
  readonly actionObj?: { readonly actionType?: number; readonly functionName?: string; readonly isCanceled?: boolean };
}

/**
 * The tasks an orchestrator is waiting for, under the numbers the SDK gave them; `df` is its `context.df` after the
 * turn. The Desync guard compares them with the engine's numbers.
 *
 * Relies on: `taskOrchestratorExecutor.openTasks`, and `actionObj` of each task, in durable-functions.
 * Seen with: durable-functions 3.0.0 to 3.5.0.
 * If it goes: undefined, and that one guard is off.
 */
export function readOpenTasks(df: unknown): readonly SdkTask[] | undefined {
  const open = (df as OrchestrationContext | undefined)?.taskOrchestratorExecutor?.openTasks;
  if (open === undefined) return undefined;
  return Object.entries(open).flatMap(([key, { actionObj: action }]) => {
    const type = action?.actionType;
    // Entities' answers are awaited under a name, and nobody waits for a cancelled timer.
    const isOfEntity = type === ActionType.CallEntity || type === ActionType.LockEntities;
    if (!/^\d+$/.test(key) || action?.isCanceled === true || isOfEntity) return [];
    return [{ id: Number(key), actionType: type, name: action?.functionName }];
  });
}
