import type { OrchestrationContext } from "durable-functions";
import type { TaskStatus } from "../../src/activities/readTask.ts";
import type { ConversionInput } from "../../src/orchestrations/contract.ts";

import { convertBlob } from "../../src/orchestrations/convertBlob.ts";
import type { ConversionResult } from "../../src/orchestrations/stage.ts";
import { CANCEL_EVENT, TASK_ENDED_EVENT } from "../../src/model/conversion.ts";
import { addSeconds } from "../../src/model/time.ts";

/** What the activities answer, in the order in which they are called. An Error is thrown. */
export interface Replies {
  readonly ensureLayout?: readonly unknown[];
  readonly submitTask?: readonly unknown[];
  readonly readTask?: readonly (TaskStatus | Error)[];
  readonly publish?: readonly unknown[];
  readonly recordFailure?: readonly unknown[];
  readonly endTasks?: readonly unknown[];
  readonly noteNodeFailure?: readonly unknown[];
  readonly startTelling?: readonly unknown[];
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

interface Waiter {
  readonly name: string;
  isCompleted: boolean;
}

interface Timer {
  readonly fireAt: Date;
  isCompleted: boolean;
}

/** When external events come. Timers and calls of activities are counted from 1. */
export interface Events {
  /** Instead of a timer. */
  readonly cancelAtTimer?: number;
  /** While an activity runs. */
  readonly cancelAtCall?: number;
  /** In seconds from the start, while the conversion sleeps. */
  readonly taskEndedAt?: readonly number[];
  /** While these activities run. */
  readonly taskEndedAtCalls?: readonly number[];
}

/** Drives all generations of the orchestrator, the last one to its end. They share the replies and the clock. */
export function driveOn(input: ConversionInput, replies: Replies, events: Events = {}): readonly Run[] {
  const left = Object.fromEntries(
    Object.entries(replies).map(([name, answers]) => [name, [...(answers as unknown[])]]),
  );
  const runs: Run[] = [];
  let [next, now]: [ConversionInput | undefined, Date] = [input, START];
  while (next !== undefined) {
    const run = drive(next, left, now, runs.length === 0 ? events : {});
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
  { cancelAtTimer, cancelAtCall, taskEndedAt = [], taskEndedAtCalls = [] }: Events = {},
): Run {
  const queues = new Map(Object.entries(replies).map(([name, answers]) => [name, [...(answers as unknown[])]]));
  const calls: { name: string; input: unknown }[] = [];
  const timers: number[] = [];
  const statuses: unknown[] = [];
  const warnings: string[] = [];
  let now = start;
  let continuedWith: ConversionInput | undefined;
  const waiters: Waiter[] = [];
  const early: string[] = [];
  const comingAt = [...taskEndedAt];
  // As in the library: an event goes to the newest of those that wait, or waits for the first one to come.
  const raise = (name: string): void => {
    const newest = waiters.findLast((waiter) => waiter.name === name && !waiter.isCompleted);
    if (newest === undefined) early.push(name);
    else newest.isCompleted = true;
  };
  const df = {
    instanceId: "0123456789abcdef0123456789abcdef",
    getInput: () => input,
    setCustomStatus: (status: unknown) => statuses.push(status),
    continueAsNew: (next: ConversionInput) => (continuedWith = next),
    createTimer: (fireAt: Date) => ({ fireAt, isCompleted: false, cancel: () => {} }),
    waitForExternalEvent: (name: string) => {
      const index = early.indexOf(name);
      const waiter = { name, isCompleted: index >= 0 };
      if (waiter.isCompleted) early.splice(index, 1);
      waiters.push(waiter);
      return waiter;
    },
    Task: { any: ([timer, ...events]: [Timer, ...Waiter[]]) => ({ timer, events }) },
    get currentUtcDateTime() {
      return now;
    },
  };

  const warn = (message: string): void => void warnings.push(message);
  const generator = convertBlob({ df, warn } as unknown as OrchestrationContext);
  let step = generator.next();
  while (!step.done) {
    const { timer, events } = waitOf(step.value);
    if (timer !== undefined) {
      const next = addSeconds(start, comingAt[0] ?? Infinity);
      if (timers.length + 1 === cancelAtTimer) {
        raise(CANCEL_EVENT);
      } else if (next <= timer.fireAt) {
        comingAt.shift();
        now = next;
        raise(TASK_ENDED_EVENT);
      }
      if (!events.some(({ isCompleted }) => isCompleted)) {
        timer.isCompleted = true;
        timers.push((timer.fireAt.getTime() - start.getTime()) / 1000);
        now = timer.fireAt;
      }
      step = generator.next();
      continue;
    }
    const call = describeCall(step.value);
    calls.push(call);
    if (calls.length === cancelAtCall) raise(CANCEL_EVENT);
    if (taskEndedAtCalls.includes(calls.length)) raise(TASK_ENDED_EVENT);
    const queue = queues.get(call.name) ?? (call.name === "noteNodeFailure" ? [NOTED] : []);
    const reply = queue.shift();
    if (reply === undefined) throw new Error(`The test has no reply for another ${call.name}`);
    step = reply instanceof Error ? generator.throw(reply) : generator.next(reply as never);
  }
  return { result: step.value, calls, timers, statuses, warnings, continuedWith };
}

/** What a yielded task waits for, when it is the race of a timer with events. */
function waitOf(task: unknown): { readonly timer?: Timer; readonly events: readonly Waiter[] } {
  return "timer" in (task as object) ? (task as { timer: Timer; events: Waiter[] }) : { events: [] };
}

/** An activity task carries the action that the engine would schedule. */
function describeCall(task: unknown): { name: string; input: unknown } {
  const { actionObj } = task as { actionObj: { functionName: string; input: unknown } };
  return { name: actionObj.functionName, input: actionObj.input };
}
