import { errorMessage } from "../../kit/errorText.ts";
import type { Delivery, EntityMessage } from "../engine/instance.ts";
import type { Entity, EntityTurn } from "./hubState.ts";
import type { DurableRunner, EntityAnswer } from "./durableRunner.ts";

/** Runs all pending operations of an entity in one call of its function. */
export async function runEntityTurn(
  entity: Entity,
  runner: DurableRunner,
): Promise<{ turn: EntityTurn; problem?: string }> {
  const batch = [...entity.inbox];
  const { name, key } = parseEntityId(entity.id);
  const unchanged = { id: entity.id, taken: batch.length, exists: entity.exists, state: entity.state };
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

export function entityId(name: string, key: string): string {
  return `@${name.toLowerCase()}@${key}`;
}

export function parseEntityId(id: string): { name: string; key: string } {
  const at = id.indexOf("@", 1);
  return { name: id.slice(1, at), key: id.slice(at + 1) };
}

function payloadOf(entity: Entity, name: string, key: string, batch: readonly EntityMessage[]): string {
  return JSON.stringify({
    self: { name, key },
    exists: entity.exists,
    state: entity.state,
    batch: batch.map(({ id, operation, input, isSignal }) => ({ id, name: operation, input, isSignal })),
  });
}

function answersTo(batch: readonly EntityMessage[], answer: EntityAnswer): readonly Delivery[] {
  return batch.flatMap((message, index) => {
    const result = answer.results[index];
    const failure = result?.isError === true ? { exceptionType: "Error" } : {};
    const value = result?.result === undefined ? {} : { result: result.result };
    return reply(message, { ...value, ...failure });
  });
}

function failAll(batch: readonly EntityMessage[], problem: string): readonly Delivery[] {
  return batch.flatMap((message) => reply(message, { result: JSON.stringify(problem), exceptionType: "Error" }));
}

function reply(message: EntityMessage, answer: object): readonly Delivery[] {
  if (message.isSignal || message.parent === undefined) return [];
  return [{ to: message.parent, message: { type: "event", name: message.id, input: JSON.stringify(answer) } }];
}

function signalsOf(answer: EntityAnswer): readonly Delivery[] {
  return answer.signals.map(({ target, name, input, requestId }) => ({
    to: entityId(target.name, target.key),
    message: {
      type: "operation",
      id: requestId ?? "",
      operation: name,
      input: input === undefined || input === "" ? null : input,
      isSignal: true,
    },
  }));
}
