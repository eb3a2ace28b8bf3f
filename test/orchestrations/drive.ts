import type { OrchestrationContext } from "durable-functions";
import type { TaskStatus } from "../../src/activities/readTask.ts";
import type { ConversionInput } from "../../src/orchestrations/contract.ts";
import { convertBlob } from "../../src/orchestrations/convertBlob.ts";
import type { ConversionResult } from "../../src/orchestrations/stage.ts";

/** What the activities answer, in the order in which they are called. An Error is thrown. */
export interface Replies {
  readonly ensureBatch?: readonly unknown[];
  readonly ensureLayout?: readonly unknown[];
  readonly submitTask?: readonly unknown[];
  readonly readTask?: readonly (TaskStatus | Error)[];
  readonly publish?: readonly unknown[];
  readonly recordFailure?: readonly unknown[];
  readonly endTasks?: readonly unknown[];
  readonly noteNodeFailure?: readonly unknown[];
}

export interface Run {
  readonly result: ConversionResult | undefined;
  readonly calls: readonly { readonly name: string; readonly input: unknown }[];
  /** Seconds from the start, of each timer. */
  readonly timers: readonly number[];
  readonly statuses: readonly unknown[];
  readonly warnings: readonly string[];
  readonly continuedWith: ConversionInput | undefined;
}

export const START = new Date("2026-01-01T12:00:00.000Z");

/** Nothing depends on it, so tests need not say it. */
const NOTED = { warning: null };

interface Event {
  isCompleted: boolean;
}

interface Timer extends Event {
  readonly fireAt: Date;
}

/** When the event that cancels the conversion comes: instead of a timer, or while an activity runs; counted from 1. */
export interface Cancelling {
  readonly cancelAtTimer?: number;
  readonly cancelAtCall?: number;
}

/** Drives all generations of the orchestrator, the last one to its end. They share the replies and the clock. */
export function driveOn(input: ConversionInput, replies: Replies, cancelling: Cancelling = {}): readonly Run[] {
  const left = Object.fromEntries(
    Object.entries(replies).map(([name, answers]) => [name, [...(answers as unknown[])]]),
  );
  const runs: Run[] = [];
  let [next, now]: [ConversionInput | undefined, Date] = [input, START];
  while (next !== undefined) {
    const run = drive(next, left, now, runs.length === 0 ? cancelling : {});
    for (const { name } of run.calls) left[name]?.shift();
    now = new Date(now.getTime() + (run.timers.at(-1) ?? 0) * 1000);
    next = run.continuedWith;
    runs.push(run);
  }
  return runs;
}

/** How long all generations together took. */
export function secondsOf(runs: readonly Run[]): number {
  return runs.reduce((seconds, { timers }) => seconds + (timers.at(-1) ?? 0), 0);
}

/** Drives the orchestrator by hand, without an engine: time passes in timers only. */
export function drive(
  input: ConversionInput,
  replies: Replies,
  start = START,
  { cancelAtTimer, cancelAtCall }: Cancelling = {},
): Run {
  const queues = new Map(Object.entries(replies).map(([name, answers]) => [name, [...(answers as unknown[])]]));
  const calls: { name: string; input: unknown }[] = [];
  const timers: number[] = [];
  const statuses: unknown[] = [];
  const warnings: string[] = [];
  let now = start;
  let continuedWith: ConversionInput | undefined;
  const waiters: Event[] = [];
  const df = {
    instanceId: "0123456789abcdef0123456789abcdef",
    getInput: () => input,
    setCustomStatus: (status: unknown) => statuses.push(status),
    continueAsNew: (next: ConversionInput) => (continuedWith = next),
    createTimer: (fireAt: Date) => ({ fireAt, isCompleted: false, cancel: () => {} }),
    waitForExternalEvent: () => {
      waiters.push({ isCompleted: false });
      return waiters.at(-1);
    },
    Task: { any: ([timer, event]: [Timer, Event]) => ({ timer, event }) },
    get currentUtcDateTime() {
      return now;
    },
  };

  const warn = (message: string): void => void warnings.push(message);
  const generator = convertBlob({ df, warn } as unknown as OrchestrationContext);
  let step = generator.next();
  while (!step.done) {
    const { timer, event } = waitOf(step.value);
    if (timer !== undefined) {
      const isCancelled = event !== undefined && timers.length + 1 === cancelAtTimer;
      (isCancelled ? event : timer).isCompleted = true;
      if (!isCancelled) {
        timers.push((timer.fireAt.getTime() - start.getTime()) / 1000);
        now = timer.fireAt;
      }
      step = generator.next();
      continue;
    }
    const call = describeCall(step.value);
    calls.push(call);
    // As in the library, an event goes to the newest of those that wait.
    const newest = waiters.at(-1);
    if (calls.length === cancelAtCall && newest !== undefined) newest.isCompleted = true;
    const queue = queues.get(call.name) ?? (call.name === "noteNodeFailure" ? [NOTED] : []);
    const reply = queue.shift();
    if (reply === undefined) throw new Error(`The test has no reply for another ${call.name}`);
    step = reply instanceof Error ? generator.throw(reply) : generator.next(reply as never);
  }
  return { result: step.value, calls, timers, statuses, warnings, continuedWith };
}

/** What a yielded task waits for, when it is a timer or the race of one with an event. */
function waitOf(task: unknown): { timer?: Timer; event?: Event } {
  if ("fireAt" in (task as object)) return { timer: task as Timer };
  return "timer" in (task as object) ? (task as { timer: Timer; event: Event }) : {};
}

/** An activity task carries the action that the engine would schedule. */
function describeCall(task: unknown): { name: string; input: unknown } {
  const { actionObj } = task as { actionObj: { functionName: string; input: unknown } };
  return { name: actionObj.functionName, input: actionObj.input };
}
