import { errorMessage } from "../../kit/errorText.ts";
import { entityId } from "../engine/instance.ts";
import type { Delivery, EntityMessage, LockRequest, Operation } from "../engine/instance.ts";
import type { Entity, EntityTurn } from "./hubState.ts";
import type { DurableRunner, EntityAnswer } from "./durableRunner.ts";

/** Whether it has anything that need not wait for the release of its lock. */
export function hasEntityTurn(entity: Entity): boolean {
  return mayTake(entity, entity.inbox[0]);
}

/** Runs the operations that are pending in one call of the entity's function, and then grants its lock. */
export async function runEntityTurn(
  entity: Entity,
  runner: DurableRunner,
): Promise<{ turn: EntityTurn; problem?: string }> {
  const { operations, lock } = takeBatch(entity);
  const ran = await runOperations(entity, operations, runner);
  if (lock === undefined) return ran;
  const { turn } = ran;
  const locked = { taken: turn.taken + 1, lockedBy: lock.parent, send: [...turn.send, afterLock(lock)] };
  return { ...ran, turn: { ...turn, ...locked } };
}

/** All up to a request for the lock, which ends the batch. */
function takeBatch(entity: Entity): { operations: readonly Operation[]; lock?: LockRequest } {
  const operations: Operation[] = [];
  for (const message of entity.inbox) {
    if (!mayTake(entity, message)) break;
    if (message.type === "lock") return { operations, lock: message };
    operations.push(message);
  }
  return { operations };
}

function mayTake({ lockedBy }: Entity, message: EntityMessage | undefined): boolean {
  return message !== undefined && (lockedBy === undefined || lockedBy === message.parent);
}

/** On to the next entity, or back to the orchestration that now has all of its locks. */
function afterLock(lock: LockRequest): Delivery {
  const position = lock.position + 1;
  const next = lock.lockSet[position];
  if (next !== undefined) return { to: next, message: { ...lock, position } };
  const input = JSON.stringify({ result: "Lock Acquisition Completed" });
  return { to: lock.parent, message: { type: "event", name: lock.id, input } };
}

async function runOperations(
  entity: Entity,
  batch: readonly Operation[],
  runner: DurableRunner,
): Promise<{ turn: EntityTurn; problem?: string }> {
  const { name, key } = parseEntityId(entity.id);
  const unchanged = { id: entity.id, taken: batch.length, exists: entity.exists, state: entity.state };
  if (batch.length === 0) return { turn: { ...unchanged, send: [] } };
  if (!runner.has("entity", name)) {
    const problem = `UnknownFunction: there is no entity function "${name}"; operations on ${entity.id} are dropped. Correct the name, or register it with df.app.entity.`;
    return { turn: { ...unchanged, send: failAll(batch, problem) }, problem };
  }
  try {
    const answer = await runner.runEntity(name, payloadOf(entity, name, key, batch));
    return {
      turn: {
        id: entity.id,
        taken: batch.length,
        exists: answer.entityExists,
        state: answer.entityExists ? (answer.entityState ?? null) : null,
        send: [...answersTo(batch, answer), ...signalsOf(answer)],
      },
    };
  } catch (error) {
    const problem = `Entity function '${name}' failed: ${errorMessage(error)}`;
    return { turn: { ...unchanged, send: failAll(batch, problem) }, problem };
  }
}

export function parseEntityId(id: string): { name: string; key: string } {
  const at = id.indexOf("@", 1);
  return { name: id.slice(1, at), key: id.slice(at + 1) };
}

function payloadOf(entity: Entity, name: string, key: string, batch: readonly Operation[]): string {
  return JSON.stringify({
    self: { name, key },
    exists: entity.exists,
    state: entity.state,
    batch: batch.map(({ id, operation, input, isSignal }) => ({ id, name: operation, input, isSignal })),
  });
}

function answersTo(batch: readonly Operation[], answer: EntityAnswer): readonly Delivery[] {
  return batch.flatMap((message, index) => {
    const result = answer.results[index];
    const failure = result?.isError === true ? { exceptionType: "Error" } : {};
    const value = result?.result === undefined ? {} : { result: result.result };
    return reply(message, { ...value, ...failure });
  });
}

function failAll(batch: readonly Operation[], problem: string): readonly Delivery[] {
  return batch.flatMap((message) => reply(message, { result: JSON.stringify(problem), exceptionType: "Error" }));
}

function reply(message: Operation, answer: object): readonly Delivery[] {
  if (message.isSignal || message.parent === undefined) return [];
  return [{ to: message.parent, message: { type: "event", name: message.id, input: JSON.stringify(answer) } }];
}

function signalsOf(answer: EntityAnswer): readonly Delivery[] {
  return answer.signals.map(({ target, name, input, requestId }) => ({
    to: entityId(target),
    message: {
      type: "operation",
      id: requestId ?? "",
      operation: name,
      input: input === undefined || input === "" ? null : input,
      isSignal: true,
    },
  }));
}
