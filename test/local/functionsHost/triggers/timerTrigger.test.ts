import { test } from "vitest";
import { VirtualClock } from "../../../../src/local/kit/virtualClock.ts";
import { ScheduleStatuses, TimerTrigger } from "../../../../src/local/functionsHost/triggers/timerTrigger.ts";
import type { RegisteredFunction } from "../../../../src/local/functionsHost/worker/coreModule.ts";

interface Run {
  readonly at: string;
  readonly isPastDue: boolean;
}

/** A timer function, what it has been called with, and the trigger that calls it. */
function createTimer(
  options: object,
  clock: VirtualClock,
  statuses = new ScheduleStatuses(),
): { trigger: TimerTrigger; runs: Run[]; settled: () => Promise<void> } {
  const trigger = { name: "timer", type: "timerTrigger", direction: "in" as const, ...options };
  const fn: RegisteredFunction = {
    name: "tick",
    metadata: { name: "tick", bindings: { timer: trigger } },
    bindings: [trigger],
    trigger,
    callback: () => undefined,
  };
  const runs: Run[] = [];
  const timer = new TimerTrigger({
    fn,
    clock,
    statuses,
    settings: { SCHEDULE: "0 0 * * * *" },
    worker: {
      async invoke({ input }) {
        const { IsPastDue } = JSON.parse(input?.json ?? "{}") as { IsPastDue: boolean };
        runs.push({ at: new Date(clock.now()).toISOString().slice(11, 16), isPastDue: IsPastDue });
        return { response: { invocationId: "" }, value: undefined };
      },
    },
    persist: () => undefined,
    extraInputs: () => ({}),
    log: { write: () => undefined },
  });
  return { trigger: timer, runs, settled: () => new Promise((resolve) => setImmediate(resolve)) };
}

const clockAt = (time: string): VirtualClock => new VirtualClock(Date.parse(`2026-01-01T${time}:00Z`));

test("a timer runs on its schedule, which may be an app setting", async ({ expect }) => {
  const clock = clockAt("00:30");
  const { trigger, runs, settled } = createTimer({ schedule: "%SCHEDULE%" }, clock);

  trigger.start();
  for (let n = 0; n < 2; n++) {
    clock.jumpToNext();
    await settled();
  }

  expect(runs).toEqual([
    { at: "01:00", isPastDue: false },
    { at: "02:00", isPastDue: false },
  ]);
});

test("a run that was missed while the host was away is made up for, and says so", async ({ expect }) => {
  const statuses = new ScheduleStatuses();
  const before = createTimer({ schedule: "0 0 * * * *" }, clockAt("00:30"), statuses);
  before.trigger.start();
  before.trigger.stop();

  const after = createTimer({ schedule: "0 0 * * * *" }, clockAt("05:30"), statuses);
  after.trigger.start();
  await after.settled();

  expect(after.runs).toEqual([{ at: "05:30", isPastDue: true }]);
});

test("a run that is not due yet is not made up for", async ({ expect }) => {
  const statuses = new ScheduleStatuses();
  createTimer({ schedule: "0 0 * * * *" }, clockAt("00:30"), statuses).trigger.start();

  const after = createTimer({ schedule: "0 0 * * * *" }, clockAt("00:45"), statuses);
  after.trigger.start();
  await after.settled();

  expect(after.runs).toEqual([]);
});

test("a stopped timer does not run again", async ({ expect }) => {
  const clock = clockAt("00:30");
  const { trigger, runs, settled } = createTimer({ schedule: "0 0 * * * *" }, clock);

  trigger.start();
  trigger.stop();
  clock.jumpToNext();
  await settled();

  expect(runs).toEqual([]);
});
