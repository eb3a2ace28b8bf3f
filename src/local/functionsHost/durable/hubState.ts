import type { Archive, Relocate } from "../../kit/archive.ts";
import { EventType } from "../engine/history.ts";
import { isEntityId, isFinished } from "../engine/instance.ts";
import type { Delivery, EntityMessage, Instance, StartMessage, Turn } from "../engine/instance.ts";
import { checkHubEntry } from "./hubEntries.ts";
import { Instances, isArchived } from "./instances.ts";
import type { ArchivedInstance, InstanceSummary } from "./instances.ts";

export interface Entity {
  readonly id: string;
  exists: boolean;
  state: string | null;
  /** First what it may deal with now, the messages of the one who has locked it. */
  inbox: EntityMessage[];
  /** The instance that has locked it, which is not always alive. */
  lockedBy?: string;
  /** When it last did something; unknown for one that an earlier version of the host has kept. */
  updatedAt?: string;
}

export interface EntityTurn {
  readonly id: string;
  readonly taken: number;
  readonly exists: boolean;
  readonly state: string | null;
  readonly send: readonly Delivery[];
  /** The instance that has locked it in this turn. */
  readonly lockedBy?: string;
}

/** One commit: applied as a whole or, after a crash halfway through writing it, not at all. */
export type HubEntry =
  | { readonly k: "deliver"; readonly at: string; readonly deliveries: readonly Delivery[] }
  | { readonly k: "turn"; readonly turn: Turn }
  | { readonly k: "entityTurn"; readonly at: string; readonly turn: EntityTurn }
  | { readonly k: "purge"; readonly ids: readonly string[] }
  | { readonly k: "instance"; readonly instance: Instance }
  | { readonly k: "archived"; readonly instance: ArchivedInstance }
  | { readonly k: "entity"; readonly entity: Entity };

/** Every orchestration and entity of a task hub, built from nothing but the applied entries. */
export class HubState {
  readonly instances: Instances;
  readonly entities = new Map<string, Entity>();

  /** Finished instances go to the archive once it is open. */
  constructor(archive: Archive) {
    this.instances = new Instances(archive);
  }

  check(entry: unknown): void {
    checkHubEntry(entry);
  }

  /** Throws if the entry does not follow from the present state. */
  apply(entry: HubEntry): void {
    switch (entry.k) {
      case "deliver":
        for (const delivery of entry.deliveries) this.#deliver(delivery, entry.at);
        return;
      case "turn":
        this.#applyTurn(entry.turn);
        return;
      case "entityTurn":
        this.#applyEntityTurn(entry.turn, entry.at);
        return;
      case "purge":
        for (const id of entry.ids) this.instances.delete(id);
        return;
      case "instance":
        this.instances.set(entry.instance);
        return;
      case "archived":
        this.instances.setArchived(entry.instance);
        return;
      case "entity":
        this.entities.set(entry.entity.id, entry.entity);
        return;
    }
  }

  *snapshot(): Iterable<HubEntry> {
    for (const instance of this.instances.snapshot()) {
      yield isArchived(instance) ? { k: "archived", instance } : { k: "instance", instance };
    }
    for (const entity of this.entities.values()) yield { k: "entity", entity };
  }

  readonly relocate: Relocate = (move) => this.instances.relocate(move);

  #deliver({ to, message }: Delivery, at: string): void {
    if (message.type === "operation" || message.type === "lock") {
      enqueue(this.#entity(to), message);
      return;
    }
    if (message.type === "release") {
      const entity = this.#entity(to);
      if (entity.lockedBy === message.parent) delete entity.lockedBy;
      this.#forgetIfEmpty(entity);
      return;
    }
    if (message.type === "start") {
      this.#start(to, message, this.instances.summary(to), at);
      return;
    }
    const instance = this.instances.live(to);
    if (instance !== undefined && !isFinished(instance)) instance.inbox.push(message);
  }

  /** Replaces a finished instance. A live one stays, and the parent that wanted another is told. */
  #start(id: string, start: StartMessage, existing: InstanceSummary | undefined, at: string): void {
    if (existing?.executionId === start.executionId) return;
    if (existing !== undefined && !isFinished(existing)) {
      if (start.parent === null) return;
      const { instanceId: to, executionId, taskId } = start.parent;
      const reason = `An instance with the id ${id} is already running`;
      this.#deliver(
        { to, message: { type: "failed", executionId, of: "subOrchestration", taskId, reason, details: "" } },
        at,
      );
      return;
    }
    this.instances.set({
      id,
      name: start.name,
      version: start.version,
      executionId: start.executionId,
      input: start.input,
      parent: start.parent,
      status: "Pending",
      customStatus: null,
      output: null,
      createdAt: at,
      updatedAt: at,
      history: [],
      cancelledTimers: [],
      inbox: [start],
    });
  }

  #applyTurn(turn: Turn): void {
    const instance = this.instances.live(turn.id);
    if (instance === undefined) throw new Error(`A turn of ${turn.id}, which does not exist`);
    takeFrom(instance.inbox, turn.taken);
    instance.history.push(...turn.events);
    instance.status = turn.status;
    instance.updatedAt = turn.at;
    instance.cancelledTimers = turn.cancelledTimers ?? instance.cancelledTimers;
    instance.customStatus = turn.customStatus ?? instance.customStatus;
    if (turn.output !== undefined) instance.output = turn.output;
    if (isFinished(instance)) instance.inbox = [];
    if (turn.restart !== undefined) {
      const { start, carried } = turn.restart;
      instance.executionId = start.executionId;
      instance.input = start.input;
      instance.history = [];
      instance.cancelledTimers = [];
      instance.inbox.unshift(start, ...carried);
    }
    for (const delivery of turn.send ?? []) this.#deliver(delivery, turn.at);
  }

  #applyEntityTurn(turn: EntityTurn, at: string): void {
    const entity = this.#entity(turn.id);
    takeFrom(entity.inbox, turn.taken);
    entity.exists = turn.exists;
    entity.state = turn.state;
    entity.updatedAt = at;
    if (turn.lockedBy !== undefined) entity.lockedBy = turn.lockedBy;
    for (const delivery of turn.send) this.#deliver(delivery, at);
    this.#forgetIfEmpty(entity);
  }

  #forgetIfEmpty({ id, exists, inbox, lockedBy }: Entity): void {
    if (!exists && inbox.length === 0 && lockedBy === undefined) this.entities.delete(id);
  }

  #entity(id: string): Entity {
    if (!isEntityId(id)) throw new Error(`${id} is not the id of an entity`);
    const known = this.entities.get(id);
    if (known !== undefined) return known;
    const entity: Entity = { id, exists: false, state: null, inbox: [] };
    this.entities.set(id, entity);
    return entity;
  }
}

/** Whoever has locked an entity does not wait behind others. */
function enqueue({ inbox, lockedBy }: Entity, message: EntityMessage): void {
  const isOfOwner = ({ parent }: EntityMessage): boolean => lockedBy !== undefined && parent === lockedBy;
  if (!isOfOwner(message)) {
    inbox.push(message);
    return;
  }
  const firstOther = inbox.findIndex((waiting) => !isOfOwner(waiting));
  inbox.splice(firstOther < 0 ? inbox.length : firstOther, 0, message);
}

function takeFrom(inbox: unknown[], count: number): void {
  if (inbox.splice(0, count).length < count) throw new Error("A turn that has taken more than there was");
}

export interface OpenActivity {
  readonly instanceId: string;
  readonly executionId: string;
  readonly taskId: number;
  readonly name: string;
  readonly input: string | null;
}

export interface OpenTimer {
  readonly instanceId: string;
  readonly executionId: string;
  readonly timerId: number;
  readonly fireAt: string;
}

/** What an instance has started and has no answer to yet, in its history or its inbox. */
export function findOpenWork(instance: Instance): { activities: OpenActivity[]; timers: OpenTimer[] } {
  const activities = new Map<number, OpenActivity>();
  const timers = new Map<number, OpenTimer>();
  if (isFinished(instance)) return { activities: [], timers: [] };
  const { id: instanceId, executionId } = instance;
  for (const event of instance.history) {
    if (event.EventType === EventType.TaskScheduled) {
      activities.set(event.EventId, {
        instanceId,
        executionId,
        taskId: event.EventId,
        name: event.Name,
        input: event.Input,
      });
    } else if (event.EventType === EventType.TimerCreated) {
      timers.set(event.EventId, { instanceId, executionId, timerId: event.EventId, fireAt: event.FireAt });
    } else if (event.EventType === EventType.TaskCompleted || event.EventType === EventType.TaskFailed) {
      activities.delete(event.TaskScheduledId);
    } else if (event.EventType === EventType.TimerFired) {
      timers.delete(event.TimerId);
    }
  }
  for (const message of instance.inbox) {
    if (!("executionId" in message) || message.executionId !== executionId) continue;
    if (message.type === "timerFired") timers.delete(message.timerId);
    if ((message.type === "completed" || message.type === "failed") && message.of === "activity") {
      activities.delete(message.taskId);
    }
  }
  for (const timerId of instance.cancelledTimers) timers.delete(timerId);
  return { activities: [...activities.values()], timers: [...timers.values()] };
}
