import { ActionType } from "./actions.ts";
import type { Action, EntityName } from "./actions.ts";
import type { Decision } from "./decisions.ts";
import { Future } from "./future.ts";
import type { Outcome } from "./future.ts";
import { EventType } from "./history.ts";
import type { HistoryEvent } from "./history.ts";
import { Mailbox } from "./mailbox.ts";
import { compareWithHistory } from "./mismatch.ts";
import type { Mismatch } from "./mismatch.ts";
import type { CalledKind, ReplaySettings } from "./replaySettings.ts";
import { callEntity, callHttp, lockEntities, longTimer, releaseEntities, signalEntity, withRetry } from "./steps.ts";
import type { Locks, Steps } from "./steps.ts";

export interface ReplayResult {
  /** What is new, in the order of ids. */
  readonly decisions: readonly Decision[];
  /** Activities, sub-orchestrations and live timers without an answer, the new ones included. */
  readonly open: ReadonlyMap<number, Decision>;
  /** Every action has been awaited to its end. */
  readonly isAtEnd: boolean;
  /** Actions not reached yet, because an earlier one is still awaited. */
  readonly waitingActions: readonly Action[];
  readonly nextId: number;
  readonly continueAsNew: { readonly input: string | null } | undefined;
  /** Events raised after the orchestrator asked to continue as new: they belong to its next generation. */
  readonly carriedEvents: readonly { readonly name: string; readonly input: string }[];
  readonly cancelledTimers: ReadonlySet<number>;
  readonly unknownNames: readonly { readonly kind: CalledKind; readonly name: string }[];
  /** How many entities it has locked. */
  readonly lockCount: number;
  /** Events that matched a name in a different case: the SDK will not take them. */
  readonly eventsOfOtherCase: readonly { readonly raised: string; readonly awaited: string }[];
  readonly mismatch: Mismatch | undefined;
}

/**
 * Replays the whole list of actions against the whole history, as the extension does: start an action, await it, start
 * the next. Ids follow from the order of the starts, so they agree with those in the history and with those that the
 * SDK counts on its own. Whatever the history does not know in the end is new.
 * https://github.com/Azure/azure-functions-durable-extension/blob/dev/src/WebJobs.Extensions.DurableTask/OutOfProcOrchestrationShim.cs
 */
export function replayActions(
  history: readonly HistoryEvent[],
  actions: readonly Action[],
  settings: ReplaySettings,
): ReplayResult {
  return new Replay(actions, settings).run(history);
}

class Replay implements Steps {
  readonly settings: ReplaySettings;
  readonly #actions: readonly Action[];
  #position = 0;
  #isAtEnd = false;
  #now = 0;
  #nextId = 0;
  readonly #undecided = new Map<number, Decision>();
  readonly #open = new Map<number, { decision: Decision; future: Future }>();
  readonly #answers = new Map<string, Future>();
  readonly #mailbox = new Mailbox();
  readonly #cancelledTimers = new Set<number>();
  readonly #unknownNames: { kind: CalledKind; name: string }[] = [];
  readonly #carriedEvents: { name: string; input: string }[] = [];
  #continueAsNew: { input: string | null } | undefined;
  #locks: Locks | undefined;

  constructor(actions: readonly Action[], settings: ReplaySettings) {
    this.#actions = actions;
    this.settings = settings;
  }

  get now(): number {
    return this.#now;
  }

  run(history: readonly HistoryEvent[]): ReplayResult {
    let mismatch: Mismatch | undefined;
    for (const event of history) {
      mismatch ??= this.#take(event);
      if (mismatch !== undefined) break;
    }
    const live = [...this.#open].filter(([, { decision }]) => decision.kind !== "message");
    return {
      decisions: [...this.#undecided.values()],
      open: new Map(live.map(([id, { decision }]) => [id, decision])),
      isAtEnd: this.#isAtEnd,
      waitingActions: this.#actions.slice(this.#position),
      nextId: this.#nextId,
      continueAsNew: this.#continueAsNew,
      carriedEvents: this.#carriedEvents,
      cancelledTimers: this.#cancelledTimers,
      unknownNames: this.#unknownNames,
      lockCount: this.#locks?.count ?? 0,
      eventsOfOtherCase: this.#mailbox.ofOtherCase,
      mismatch,
    };
  }

  #take(event: HistoryEvent): Mismatch | undefined {
    switch (event.EventType) {
      case EventType.OrchestratorStarted:
        this.#now = Math.max(this.#now, Date.parse(event.Timestamp));
        return undefined;
      case EventType.ExecutionStarted:
        this.#advance();
        return undefined;
      case EventType.TaskScheduled:
      case EventType.TimerCreated:
      case EventType.SubOrchestrationInstanceCreated:
      case EventType.EventSent: {
        const mismatch = compareWithHistory(event, this.#undecided.get(event.EventId));
        this.#undecided.delete(event.EventId);
        return mismatch;
      }
      case EventType.TaskCompleted:
      case EventType.SubOrchestrationInstanceCompleted:
        this.#settle(event.TaskScheduledId, { ok: true, result: event.Result });
        return undefined;
      case EventType.TaskFailed:
      case EventType.SubOrchestrationInstanceFailed:
        this.#settle(event.TaskScheduledId, {
          ok: false,
          isNonRetriable: event.FailureDetails?.IsNonRetriable === true,
        });
        return undefined;
      case EventType.TimerFired:
        this.#settle(event.TimerId, { ok: true, result: null });
        return undefined;
      case EventType.EventRaised:
        this.#raise(event.Name, event.Input);
        return undefined;
      case EventType.ExecutionCompleted:
      case EventType.ExecutionTerminated:
      case EventType.OrchestratorCompleted:
      case EventType.ExecutionSuspended:
      case EventType.ExecutionResumed:
        return undefined;
    }
  }

  /** A second answer to the same question changes nothing. */
  #settle(id: number, outcome: Outcome): void {
    const open = this.#open.get(id);
    this.#open.delete(id);
    open?.future.settle(outcome);
  }

  /** A loop where possible: a long list of settled actions must not become a deep stack. */
  #advance(): void {
    for (;;) {
      const action = this.#actions[this.#position];
      if (action === undefined) {
        this.#isAtEnd = true;
        if (this.settings.isDone) this.#release();
        return;
      }
      this.#position++;
      const future = this.#start(action);
      if (!future.isSettled) {
        future.onSettled(() => this.#advance());
        return;
      }
    }
  }

  #start(action: Action): Future {
    switch (action.actionType) {
      case ActionType.CallActivity:
        return this.activity(action.functionName, jsonOf(action.input));
      case ActionType.CallActivityWithRetry:
        return withRetry(this, action.retryOptions, () => this.activity(action.functionName, jsonOf(action.input)));
      case ActionType.CallSubOrchestrator:
        return this.#subOrchestration(action);
      case ActionType.CallSubOrchestratorWithRetry:
        return withRetry(this, action.retryOptions, () => this.#subOrchestration(action));
      case ActionType.ContinueAsNew:
        this.#continueAsNew = { input: jsonOf(action.input) };
        return Future.done();
      case ActionType.CreateTimer:
        return longTimer(this, Date.parse(action.fireAt), action.isCanceled);
      case ActionType.WaitForExternalEvent:
        return this.#mailbox.waitFor(action.externalEventName);
      case ActionType.CallEntity:
        return this.#callEntity(action.instanceId, action.operation, jsonOf(action.input));
      case ActionType.SignalEntity:
        return signalEntity(this, action.instanceId, action.operation, jsonOf(action.input));
      case ActionType.CallHttp:
        return callHttp(this, action.httpRequest);
      case ActionType.WhenAny:
        return any(action.compoundActions.map((child) => this.#start(child)));
      case ActionType.WhenAll:
        return all(action.compoundActions.map((child) => this.#start(child)));
      case ActionType.LockEntities:
        return this.#lock(action.lockSet);
      case ActionType.ReleaseEntities:
        this.#release();
        return Future.done();
    }
  }

  takeId(): number {
    return this.#nextId++;
  }

  decide(decision: Decision): Future {
    const future = new Future();
    this.#undecided.set(decision.id, decision);
    this.#open.set(decision.id, { decision, future });
    return future;
  }

  activity(name: string, input: string | null): Future {
    if (!this.#isKnown("activity", name)) return Future.done();
    return this.decide({ id: this.takeId(), kind: "activity", name, input });
  }

  timer(fireAt: number, isCancelled: boolean, isLiteral: boolean): Future {
    const id = this.takeId();
    const future = this.decide({ id, kind: "timer", fireAt, isCancelled, isLiteral });
    if (isCancelled) {
      this.#cancelledTimers.add(id);
      this.#settle(id, { ok: false, isNonRetriable: false });
    }
    return future;
  }

  answerTo(requestId: string): Future {
    const future = new Future();
    this.#answers.set(requestId, future);
    return future;
  }

  #subOrchestration(action: { functionName: string; input?: unknown; instanceId?: string; version?: string }): Future {
    const name = action.functionName;
    if (!this.#isKnown("subOrchestration", name)) return Future.done();
    const id = this.takeId();
    const instanceId = action.instanceId || `${this.settings.executionId}:${id}`;
    const version = action.version ?? "";
    return this.decide({ id, kind: "subOrchestration", name, version, instanceId, input: jsonOf(action.input) });
  }

  #callEntity(target: string, operation: string, input: string | null): Future {
    const answer = callEntity(this, target, operation, input);
    const free = this.#locks?.free ?? [];
    const place = free.indexOf(target);
    if (place >= 0) {
      free.splice(place, 1);
      answer.onSettled(() => this.#locks?.free.push(target));
    }
    return answer;
  }

  #lock(lockSet: readonly EntityName[]): Future {
    const unknown = lockSet.find(({ name }) => !this.#isKnown("entity", name));
    return unknown === undefined ? lockEntities(this, lockSet, (locks) => (this.#locks = locks)) : Future.done();
  }

  #release(): void {
    if (this.#locks !== undefined) releaseEntities(this, this.#locks);
    this.#locks = undefined;
  }

  #isKnown(kind: CalledKind, name: string): boolean {
    const known = this.settings.isKnown(kind, name);
    if (!known) this.#unknownNames.push({ kind, name });
    return known;
  }

  #raise(name: string, input: string): void {
    const answer = this.#answers.get(name);
    if (answer !== undefined) answer.settle({ ok: true, result: null });
    else if (this.#continueAsNew === undefined) this.#mailbox.raise(name);
    else this.#carriedEvents.push({ name, input });
  }
}

function any(children: readonly Future[]): Future {
  const future = new Future();
  for (const child of children) child.onSettled((outcome) => future.settle(outcome));
  return future;
}

/** Waits for every child even after one has failed, unlike the SDK's `Task.all`. */
function all(children: readonly Future[]): Future {
  const future = new Future();
  let missing = children.length;
  for (const child of children) {
    child.onSettled((outcome) => {
      missing--;
      if (missing === 0) future.settle(outcome);
    });
  }
  return future;
}

function jsonOf(input: unknown): string | null {
  return input === undefined || input === null ? null : JSON.stringify(input);
}
