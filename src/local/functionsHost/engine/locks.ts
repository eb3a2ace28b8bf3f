import type { EntityName } from "./actions.ts";
import { RELEASE } from "./decisions.ts";
import { EventType } from "./history.ts";
import type { HistoryEvent } from "./history.ts";
import { entityId } from "./instance.ts";

/**
 * The ids of entities that an orchestration has asked to be locked and does not release, by its history up to its end.
 * https://github.com/Azure/azure-functions-durable-extension/issues/2743
 */
export function findOrphanedLocks(history: readonly HistoryEvent[]): readonly string[] {
  const locked = new Map<string, Set<string>>();
  for (const event of history) {
    if (event.EventType !== EventType.EventSent) continue;
    if (event.Name !== RELEASE && !event.Input.includes('"lockset"')) continue;
    const { id, lockset } = JSON.parse(event.Input) as { id: string; lockset?: readonly EntityName[] };
    if (event.Name === RELEASE) locked.get(id)?.delete(event.InstanceId);
    else if (lockset !== undefined) locked.set(id, new Set(lockset.map(entityId)));
  }
  return [...locked.values()].flatMap((entities) => [...entities]);
}
