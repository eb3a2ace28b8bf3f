import { test } from "vitest";
import { converting, done, replies, source, submitted, task, waiting, workload } from "./conversion.ts";
import type { Events } from "./drive.ts";
import { START, drive, driveOn } from "./drive.ts";

const HOUR = 3600;
const conversion = { workload, source };
const succeeded = { outcome: "succeeded" };
const patient = {
  status: "submitted",
  submission: { ...submitted.submission, waitingSeconds: 100 * HOUR, accessUntil: "2026-02-01T00:00:00.000Z" },
};

function times<Reply>(count: number, reply: Reply): Reply[] {
  return Array.from({ length: count }, () => reply);
}

/** When a conversion whose task waits the whole time looks at it, in seconds from the start. */
function looksOf(untilSeconds: number): number[] {
  const run = drive(conversion, replies({ submitTask: [patient], readTask: times(30, waiting).concat(done) }));
  return run.timers.filter((time) => time < untilSeconds);
}

test("the report of a task ends the pause, and the result is published at once", ({ expect }) => {
  const before = looksOf(HOUR);

  const run = drive(
    conversion,
    replies({ submitTask: [patient], readTask: [...before.map(() => waiting), done] }),
    START,
    { taskEndedAt: [HOUR] },
  );

  expect(run.timers).toEqual(before);
  expect(run.calls.at(-1)?.name).toBe("publish");
  expect(run.result).toMatchObject(succeeded);
});

test("after a report that comes before its task has ended, the next looks come at once, and then less and less often", ({
  expect,
}) => {
  const before = looksOf(HOUR);
  const stillRuns = times(5, converting(99, START.toISOString()));

  const run = drive(
    conversion,
    replies({ submitTask: [patient], readTask: [...before.map(() => waiting), ...stillRuns, done] }),
    START,
    { taskEndedAt: [HOUR] },
  );

  const after = run.timers.slice(before.length).map((time) => Math.round((time - HOUR) * 1000) / 1000);
  expect(after).toEqual([0.2, 0.4, 0.8, 1.6, 3.2]);
  expect(run.result).toMatchObject(succeeded);
});

test.for<[string, Events]>([
  ["twice", { taskEndedAt: [2.5, 2.5] }],
  ["before anybody waits for it", { taskEndedAtCalls: [1] }],
  ["while an activity runs", { taskEndedAtCalls: [2] }],
  ["while the result is published", { taskEndedAtCalls: [6] }],
  ["never", {}],
])("a report that is told of %s changes nothing but time", ([, events], { expect }) => {
  const readTask = [waiting, converting(1), converting(2), done];

  const run = drive(conversion, replies({ readTask }), START, events);

  expect(run.calls.map(({ name }) => name)).toEqual(["submitTask", ...times(4, "readTask"), "publish"]);
  expect(run.result).toMatchObject(succeeded);
});

test("a report that comes while Batch is asked leads to another look a moment later", ({ expect }) => {
  const before = looksOf(HOUR);
  const lastLook = 1 + before.length;

  const run = drive(
    conversion,
    replies({ submitTask: [patient], readTask: [...before.map(() => waiting), done] }),
    START,
    { taskEndedAtCalls: [lastLook] },
  );

  expect((run.timers.at(-1) ?? 0) - (before.at(-1) ?? 0)).toBeCloseTo(0.2);
});

test("a late report of the attempt before leaves the new one alone", ({ expect }) => {
  const answers = replies({
    submitTask: [submitted, submitted],
    readTask: [{ state: "lost", reason: "The node is gone" }, converting(1), converting(50), done],
  });

  const run = drive(conversion, answers, START, { taskEndedAt: [8.5] });

  expect(run.calls.filter(({ name }) => name === "submitTask")).toHaveLength(2);
  expect(run.result).toMatchObject(succeeded);
});

test("what was said before a history began anew is remembered after it", ({ expect }) => {
  const runs = driveOn(conversion, replies({ submitTask: [patient], readTask: [...times(60, waiting), done] }), {
    taskEndedAt: [2 * HOUR],
  });

  expect(runs.length).toBeGreaterThan(1);
  const [last, second] = [runs[0]?.timers.at(-1) ?? 0, runs[1]?.timers[0] ?? 0];
  expect(last).toBeGreaterThan(2 * HOUR);
  expect(second).toBeLessThan(900);
});

test("a conversion that has been told of its report can still be cancelled", ({ expect }) => {
  const answers = replies({ readTask: [waiting, converting(1), converting(99)] });

  const run = drive(conversion, answers, START, { taskEndedAt: [1.5], cancelAtTimer: 3 });

  expect(run.calls.at(-1)).toMatchObject({ name: "endTasks", input: { tasks: [task] } });
});
