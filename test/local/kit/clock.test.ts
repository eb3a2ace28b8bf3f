import { test, vi } from "vitest";
import { systemClock } from "../../../src/local/kit/clock.ts";
import { VirtualClock } from "../../../src/local/kit/virtualClock.ts";

const DAY_MS = 86_400_000;

test("a timer longer than Node's longest fires when it is due, not at once", async ({ expect, onTestFinished }) => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const clock = systemClock();
  const fired: string[] = [];
  clock.after(60 * DAY_MS, () => fired.push("after"));
  clock.at(clock.now() + 60 * DAY_MS, () => fired.push("at"));

  vi.advanceTimersByTime(60 * DAY_MS - 1);
  expect(fired).toEqual([]);
  vi.advanceTimersByTime(1);

  expect(fired).toEqual(["after", "at"]);
});

test("a fast clock makes hours pass in seconds", ({ expect, onTestFinished }) => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const clock = systemClock(3_600);
  const start = clock.now();
  const fired: number[] = [];
  clock.after(3_600_000, () => fired.push(clock.now() - start));
  clock.at(start + 7_200_000, () => fired.push(clock.now() - start));

  vi.advanceTimersByTime(2_000);

  expect(fired).toEqual([3_600_000, 7_200_000]);
});

test("a point in time waits for the time of day, a span does not", ({ expect, onTestFinished }) => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const clock = systemClock();
  const fired: string[] = [];
  clock.at(clock.now() + 1_000, () => fired.push("at"));
  clock.after(1_000, () => fired.push("after"));

  vi.setSystemTime(Date.now() - 500);
  vi.advanceTimersByTime(1_000);
  expect(fired).toEqual(["after"]);
  vi.advanceTimersByTime(500);

  expect(fired).toEqual(["after", "at"]);
});

test("what is cancelled does not fire, on either clock", async ({ expect, onTestFinished }) => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const real = systemClock();
  const virtual = new VirtualClock();
  const fired: string[] = [];
  for (const clock of [real, virtual]) {
    clock.after(10, () => fired.push("after"))();
    clock.at(clock.now() + 10, () => fired.push("at"))();
  }

  vi.advanceTimersByTime(20);
  await virtual.advance(20);

  expect(fired).toEqual([]);
  expect(virtual.jumpToNext()).toBe(false);
});

test("a virtual clock fires in order of time, then of request, with what follows in between", async ({ expect }) => {
  const clock = new VirtualClock(0);
  const fired: string[] = [];
  const note = (name: string) => () => void fired.push(`${name} at ${clock.now()}`);
  clock.after(20, note("c"));
  clock.after(10, () => {
    note("a")();
    void Promise.resolve().then(() => clock.after(5, note("follows")));
  });
  clock.at(10, note("b"));
  clock.at(-5, note("overdue"));

  await clock.advance(30);

  expect(fired).toEqual(["overdue at 0", "a at 10", "b at 10", "follows at 15", "c at 20"]);
  expect(clock.now()).toBe(30);
});

test("a virtual clock jumps from one timer to the next", ({ expect }) => {
  const clock = new VirtualClock(0);
  const fired: number[] = [];
  clock.after(DAY_MS, () => fired.push(clock.now()));
  clock.after(1, () => fired.push(clock.now()));

  expect([clock.jumpToNext(), clock.jumpToNext(), clock.jumpToNext()]).toEqual([true, true, false]);
  expect(fired).toEqual([1, DAY_MS]);
});
