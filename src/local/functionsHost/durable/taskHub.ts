import { UserError } from "../../kit/userError.ts";
import { randomUUID } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { parseTimeSpan } from "../hostJson.ts";
import type { HostSettings } from "../hostJson.ts";
import { HTTP_ACTIVITY } from "../engine/actions.ts";
import { decideTurn } from "../engine/decide.ts";
import type { EngineSettings } from "../engine/decide.ts";
import { EventType } from "../engine/history.ts";
import { isEntityId, isFinished } from "../engine/instance.ts";
import type { Delivery, Instance, Message, Turn } from "../engine/instance.ts";
import { judge } from "../engine/guards.ts";
import type { Finding } from "../engine/guards.ts";
import { hasTurn, prepareTurn } from "../engine/prepare.ts";
import type { PreparedTurn } from "../engine/prepare.ts";
import type { Logger } from "../log.ts";
import { hasEntityTurn, runEntityTurn } from "./entityTurn.ts";
import type { HubConditions } from "./hubFaults.ts";
import { findOpenWork } from "./hubState.ts";
import type { Entity, HubEntry, HubState, OpenActivity, OpenTimer } from "./hubState.ts";
import { HubReports } from "./hubReports.ts";
import type { JsonLoss } from "./jsonLoss.ts";
import { Limiter } from "../../kit/limiter.ts";
import { OrchestratorTriggers } from "./orchestratorTrigger.ts";
import type { TimerSpans } from "./orchestratorTrigger.ts";
import { replayTwice } from "./replayTwice.ts";
import type { ActivityResult, DurableRunner } from "./durableRunner.ts";
import { runAsOften } from "./repeatedRuns.ts";
import { TimerSet } from "./timerSet.ts";

export interface TaskHubOptions extends HubConditions {
  readonly state: HubState;
  /** Keeps an entry for good: once it returns, no crash can lose the entry. */
  readonly persist: (entry: HubEntry) => void;
  readonly runner: DurableRunner;
  readonly log: Logger;
  readonly settings: Pick<
    HostSettings,
    "maxConcurrentActivityFunctions" | "maxConcurrentOrchestratorFunctions" | "maxOrchestrationActions"
  >;
  readonly spans?: TimerSpans;
  readonly maxHistoryEvents?: number;
  /** Called once, when the hub has stopped because it could not keep an entry. */
  readonly onFailure?: (error: unknown) => void;
}

/** The values of the real extension with Azure Storage, whose queues hold a message for seven days at most. */
const SPANS: TimerSpans = { longTimerInterval: "3.00:00:00", maxShortTimer: "6.00:00:00", httpPollMs: 30_000 };
const MAX_HISTORY_EVENTS = 5_000;
/** What the real host answers here is `Exception while executing function`. */
const NO_INPUT = {
  kind: "crash",
  message:
    "it was started over HTTP without a body, and the Durable extension cannot read an empty input: post JSON, such as null",
} as const;
/** A pause after each of them would cost more than many a turn. */
const TURNS_IN_A_ROW = 8;

/**
 * Drives orchestrations and entities: each takes one turn at a time, and all of them run concurrently. Whatever happens
 * is first written down, then applied to the state, then acted upon; so the state alone says what is left to do, and
 * `start` does it after any crash.
 */
export class TaskHub {
  readonly state: HubState;
  readonly #options: TaskHubOptions;
  readonly #engine: EngineSettings;
  readonly #orchestratorTriggers: OrchestratorTriggers;
  readonly #turns: Limiter;
  readonly #activities: Limiter;
  readonly #busy = new Set<string>();
  readonly #timers: TimerSet;
  readonly #reports: HubReports;
  #turnsInARow = 0;
  #isStopped = false;

  constructor(options: TaskHubOptions) {
    const { spans = SPANS, settings, runner, faults } = options;
    this.state = options.state;
    this.#options = options;
    this.#orchestratorTriggers = new OrchestratorTriggers(spans);
    this.#reports = new HubReports(options.log);
    this.#timers = new TimerSet(options.clock, (timer) => this.#fire(timer));
    this.#turns = new Limiter(settings.maxConcurrentOrchestratorFunctions, () => this.#noticeIdle());
    this.#activities = new Limiter(settings.maxConcurrentActivityFunctions, () => this.#noticeIdle());
    this.#engine = {
      maxShortTimerMs: parseTimeSpan(spans.maxShortTimer) ?? Number.POSITIVE_INFINITY,
      longTimerIntervalMs: parseTimeSpan(spans.longTimerInterval) ?? Number.POSITIVE_INFINITY,
      httpPollMs: spans.httpPollMs,
      isKnown: (kind, name) =>
        name === HTTP_ACTIVITY || runner.has(kind === "subOrchestration" ? "orchestrator" : kind, name),
      maxActions: settings.maxOrchestrationActions,
      limits: {
        maxHistoryEvents: options.maxHistoryEvents ?? MAX_HISTORY_EVENTS,
        isStrict: faults?.strictGuards === true,
        ...(options.guards === undefined ? {} : { levels: options.guards }),
      },
      newExecutionId: newId,
    };
  }

  get runner(): DurableRunner {
    return this.#options.runner;
  }

  /** Picks up whatever the state says is unfinished. */
  start(): void {
    for (const instance of this.state.instances.allLive()) {
      if (isFinished(instance) && !hasTurn(instance)) {
        this.#archive(instance);
        continue;
      }
      const { activities, timers } = findOpenWork(instance);
      for (const activity of activities) this.#runActivity(activity);
      for (const timer of timers) this.#timers.arm(timer);
      this.#wake(instance.id);
    }
    for (const id of this.state.entities.keys()) this.#wake(id);
    this.#noticeIdle();
  }

  /** Running turns finish but are not kept; what is not kept happens again after the next start. */
  stop(): void {
    this.#isStopped = true;
    this.#turns.close();
    this.#activities.close();
    this.#timers.close();
  }

  get isIdle(): boolean {
    return this.#turns.isIdle && this.#activities.isIdle;
  }

  newInstanceId(): string {
    return newId();
  }

  /** An input that is empty text is none that the extension could read: the instance fails. */
  startInstance(id: string, name: string, input: string | null, version = ""): void {
    const executionId = newId();
    this.deliver({
      to: id,
      message: { type: "start", executionId, name, version, input, parent: null },
    });
  }

  /** Once it returns, none of the messages can be lost. */
  deliver(...deliveries: readonly Delivery[]): void {
    const all = this.#options.faults?.deliverTwice === true ? deliveries.flatMap(twice) : deliveries;
    this.#commit({ k: "deliver", at: this.#at(), deliveries: all });
    for (const { to } of all) this.#wake(to);
  }

  purge(ids: readonly string[]): void {
    if (ids.length > 0) this.#commit({ k: "purge", ids });
  }

  /** Tells the log of a fault that was injected. */
  reportFault(what: string, instanceId: string): void {
    this.#reports.fault(what, instanceId);
  }

  #wake(id: string): void {
    if (this.#isStopped || this.#busy.has(id)) return;
    if (isEntityId(id)) {
      const entity = this.state.entities.get(id);
      if (entity !== undefined && hasEntityTurn(entity)) this.#occupy(id, () => this.#entityTurn(entity));
      return;
    }
    const instance = this.state.instances.live(id);
    if (instance === undefined || !hasTurn(instance)) return;
    this.#occupy(id, () => this.#turn(instance));
  }

  #occupy(id: string, work: () => Promise<void>): void {
    this.#busy.add(id);
    void this.#turns.run(async () => {
      await this.#letOthersIn();
      try {
        if (!this.#isStopped) await work();
      } catch (error) {
        this.#fail(error);
      } finally {
        this.#busy.delete(id);
        this.#wake(id);
      }
    });
  }

  /** Turns that wait for nothing would otherwise keep requests, timers and signals out for ever. */
  async #letOthersIn(): Promise<void> {
    if (++this.#turnsInARow < TURNS_IN_A_ROW) return;
    await setImmediate();
    this.#turnsInARow = 0;
  }

  async #turn(instance: Instance): Promise<void> {
    const { clock, runner } = this.#options;
    // Prepared only now, so that one turn takes everything that came in while it waited.
    const prepared = prepareTurn(instance, clock.now());
    if (prepared === undefined) return;
    const answer = prepared.kind === "replay" ? await this.#replay(instance, prepared, runner) : undefined;
    if (this.#isStopped || this.state.instances.live(instance.id) !== instance) return;
    const { turn, findings } = decideTurn(instance, prepared, answer, this.#engine);
    this.#reports.findings(instance, findings);
    this.#commit({ k: "turn", turn });
    this.#perform(instance, turn);
  }

  #replay(instance: Instance, prepared: PreparedTurn, runner: DurableRunner): ReturnType<typeof replayTwice> {
    if (instance.input === "" && runner.has("orchestrator", instance.name)) return Promise.resolve(NO_INPUT);
    return replayTwice(runner, instance, this.#orchestratorTriggers.factory(instance, prepared));
  }

  #perform(instance: Instance, turn: Turn): void {
    const { id: instanceId, executionId } = instance;
    if (isFinished(instance) || turn.restart !== undefined) this.#timers.cancelAll(instanceId);
    for (const timerId of turn.cancelledTimers ?? []) this.#timers.cancel(instanceId, timerId);
    if (isFinished(instance)) {
      this.#orchestratorTriggers.forget(instance);
      this.#reports.end(instance);
      this.#archive(instance);
    } else {
      for (const event of turn.events) {
        const common = { instanceId, executionId };
        if (event.EventType === EventType.TaskScheduled) {
          this.#runActivity({ ...common, taskId: event.EventId, name: event.Name, input: event.Input });
        } else if (event.EventType === EventType.TimerCreated && !turn.cancelledTimers?.includes(event.EventId)) {
          this.#timers.arm({ ...common, timerId: event.EventId, fireAt: event.FireAt });
        }
      }
    }
    for (const { to } of turn.send ?? []) this.#wake(to);
  }

  /** A crash in between leaves it finished and in memory, to be archived at the next start. */
  #archive(instance: Instance): void {
    if (!this.#isStopped) this.#commit({ k: "archived", instance: this.state.instances.toArchive(instance) });
  }

  #runActivity(activity: OpenActivity): void {
    void this.#activities.run(async () => {
      const { runner, faults = {}, clock } = this.#options;
      const run = (): Promise<ActivityResult> => runner.runActivity(activity);
      try {
        await runAsOften(faults, clock, run, {
          onResult: (result) => this.#hear(activity, result),
          onOverlap: (what) => this.reportFault(`activity ${activity.name} ${what}`, activity.instanceId),
        });
      } catch (error) {
        this.#fail(error);
      }
    });
  }

  #hear({ instanceId, executionId, taskId, name }: OpenActivity, result: ActivityResult): void {
    if (this.#isStopped) return;
    const common = { executionId, of: "activity", taskId } as const;
    if (result.kind === "failed") {
      const { reason, details, failureDetails } = result;
      const more = failureDetails === undefined ? {} : { failureDetails };
      this.deliver({ to: instanceId, message: { type: "failed", ...common, reason, details, ...more } });
    } else {
      const findings = judge(
        result.jsonLoss === undefined ? [] : [notJson(name, result.jsonLoss)],
        this.#engine.limits,
      );
      this.#reports.findings({ id: instanceId }, findings);
      const fatal = findings.find(({ isFatal }) => isFatal);
      const message: Message =
        fatal === undefined
          ? { type: "completed", ...common, result: result.result }
          : { type: "guard", executionId, reason: fatal.message };
      this.deliver({ to: instanceId, message });
    }
  }

  #fire({ instanceId, executionId, timerId, fireAt }: OpenTimer): void {
    try {
      this.deliver({ to: instanceId, message: { type: "timerFired", executionId, timerId, fireAt } });
    } catch (error) {
      this.#fail(error);
    }
  }

  async #entityTurn(entity: Entity): Promise<void> {
    if (!hasEntityTurn(entity)) return;
    const { turn, problem } = await runEntityTurn(entity, this.#options.runner);
    if (problem !== undefined) this.#reports.problem(problem);
    if (this.#isStopped) return;
    this.#commit({ k: "entityTurn", at: this.#at(), turn });
    for (const { to } of turn.send) this.#wake(to);
  }

  #commit(entry: HubEntry): void {
    if (this.#isStopped) return;
    this.#options.faults?.onCommit?.("before");
    this.#options.persist(entry);
    this.#options.faults?.onCommit?.("after");
    this.state.apply(entry);
  }

  /** A hub that cannot keep what happens must not go on as if it had. */
  #fail(error: unknown): void {
    if (this.#isStopped) return;
    this.stop();
    // A UserError says that the state cannot be saved, and `onFailure` reports that once.
    if (!(error instanceof UserError)) this.#reports.problem(`The task hub stopped: ${String(error)}`);
    this.#options.onFailure?.(error);
  }

  #noticeIdle(): void {
    const { onIdle } = this.#options;
    if (onIdle === undefined) return;
    void setImmediate().then(() => {
      if (this.isIdle && !this.#isStopped) onIdle();
    });
  }

  #at(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }
}

function newId(): string {
  return randomUUID().replaceAll("-", "");
}

function notJson(activity: string, { text, isGrave }: JsonLoss): Finding {
  const message = `Activity function '${activity}' returned a value that does not survive JSON: ${text}. Return plain data only.`;
  return { code: "NotJson", isFatal: isGrave, message };
}

function twice(delivery: Delivery): readonly Delivery[] {
  const repeated: readonly string[] = ["start", "completed", "failed", "timerFired"] satisfies Message["type"][];
  return repeated.includes(delivery.message.type) ? [delivery, delivery] : [delivery];
}
