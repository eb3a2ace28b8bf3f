import type { DurableOrchestrationStatus } from "durable-functions";
import { test } from "vitest";
import type { TaskStatus } from "../../src/activities/readTask.ts";
import { contentsOf } from "../../src/orchestrations/contract.ts";
import {
  submitted,
  activityFailure,
  batchError,
  converting,
  done,
  inputsOf,
  record,
  replies,
  source,
  submission,
  task,
  waiting,
  waitingBehind,
  waitingFor,
  workload,
} from "./conversion.ts";
import type { Replies, Run } from "./drive.ts";
import { START, drive, driveOn, secondsOf } from "./drive.ts";

const HOUR = 3600;
const DAY = 24 * HOUR;
const ID = "0123456789abcdef0123456789abcdef";
const conversion = { workload, source };

function times<Reply>(count: number, reply: Reply): Reply[] {
  return Array.from({ length: count }, () => reply);
}

/** A task whose access does not end. */
const submitTask = [{ status: "submitted", submission: { ...submission, accessUntil: null } }];

test("while the queue moves, a task waits as long as it takes", ({ expect }) => {
  const runs = driveOn(conversion, replies({ submitTask, readTask: [...times(300, waitingBehind(120)), done] }));

  expect(runs.at(-1)?.result).toEqual({ outcome: "succeeded", record });
  expect(secondsOf(runs)).toBeGreaterThan(50 * submission.waitingSeconds);
});

test("only the time in which the queue stands still counts, and it counts anew when the queue has moved", ({
  expect,
}) => {
  const readTask = [...times(12, waiting), waitingBehind(3), ...times(40, waiting)];

  const [run] = driveOn(conversion, replies({ readTask }));

  const [movedAt = 0, stillAt = 0] = run?.timers.slice(12) ?? [];
  expect(movedAt).toBeGreaterThan(10);
  expect(run?.timers.at(-1)).toBe(stillAt + submission.waitingSeconds);
  expect(inputsOf(run ?? [], "recordFailure")).toMatchObject([
    { failure: { code: "NoCapacity", message: expect.stringContaining("stood still for 10 minutes") } },
  ]);
});

test("a queue whose tasks succeed between two looks moves, although each finds all nodes gone", ({ expect }) => {
  const readTask = Array.from({ length: 100 }, (_, succeeded) => ({ ...waiting, succeeded }));

  const runs = driveOn(conversion, replies({ submitTask, readTask: [...readTask, done] }));

  expect(runs.at(-1)?.result?.outcome).toBe("succeeded");
});

test("nodes on their way move the queue, but not those that come after broken ones: what broke one will break the next", ({
  expect,
}) => {
  const broken = waitingFor("StartTaskFailed", "the start task failed on 1 node");
  const growing = { ...waiting, isGrowing: true } as TaskStatus;

  const [grown] = driveOn(conversion, replies({ submitTask, readTask: [...times(30, growing), done] }));
  const [repaired] = driveOn(conversion, replies({ readTask: [growing, ...times(20, [broken, growing]).flat()] }));

  expect(grown?.result?.outcome).toBe("succeeded");
  expect(inputsOf(repaired ?? [], "recordFailure")).toMatchObject([{ failure: { code: expect.anything() } }]);
  expect(repaired?.timers.at(-1)).toBeLessThan(2 * submission.waitingSeconds);
});

test("a task that has begun shows that nodes are well again: those that come after its node was lost are progress", ({
  expect,
}) => {
  const broken = waitingFor("NodeUnusable", "1 node unusable");
  const growing = { ...waiting, isGrowing: true } as TaskStatus;
  const readTask = [broken, converting(10), ...times(30, growing), done];

  const runs = driveOn(conversion, replies({ submitTask, readTask }));

  expect(secondsOf(runs)).toBeGreaterThan(2 * submission.waitingSeconds);
  expect(runs.at(-1)?.result?.outcome).toBe("succeeded");
});

test("without a limit, a queue may stand still for ever", ({ expect }) => {
  const submitted = { status: "submitted", submission: { ...submission, waitingSeconds: null, accessUntil: null } };
  const answers = replies({ submitTask: [submitted], readTask: [...times(3_000, waiting), done] });

  const runs = driveOn(conversion, answers);

  expect(secondsOf(runs)).toBeGreaterThan(7 * DAY);
  expect(runs.at(-1)?.result?.outcome).toBe("succeeded");
});

test("the status says the place in the queue, what stands in the way, and since when it waits", ({ expect }) => {
  const quota = { ...waitingFor("QuotaExceeded", "AccountCoreQuotaReached: no cores left"), before: 7 };
  const readTask: TaskStatus[] = [waitingBehind(120), quota, waitingBehind(0), converting(1), done];

  const { statuses } = drive(conversion, replies({ readTask }));

  const told = statuses.map((status) => {
    const { phase, waitReason, waitingSince } = status as Record<string, unknown>;
    return [phase, waitReason, waitingSince];
  });
  const since = submission.submittedAt;
  expect(told.slice(2, -2)).toEqual([
    ["waiting", "about 120 before it", since],
    ["waiting", "AccountCoreQuotaReached: no cores left; about 7 before it", since],
    ["waiting", "it is next", since],
    ["converting", null, null],
  ]);
});

test("what Batch refuses before there is a task is waited for, and goes on by itself once somebody mends the cause", ({
  expect,
}) => {
  const refused = batchError("create pool mp3drop: PoolQuotaReached: no more pools", "PoolQuotaReached", 409);
  const submitTask = [...times(600, activityFailure("submitTask", refused)), submitted];

  const runs = driveOn({ ...conversion, patienceSeconds: 7 * DAY }, replies({ submitTask }));

  expect(secondsOf(runs)).toBeGreaterThan(DAY);
  expect(runs.at(-1)?.result).toEqual({ outcome: "succeeded", record });
  expect(runs[1]?.statuses.at(-1)).toMatchObject({
    phase: "waiting",
    waitReason: refused.message,
    waitingSince: START.toISOString(),
  });
});

test.for([
  ["is given up when the setting says so", HOUR, 1],
  ["is never given up where the setting is 0", null, 0],
] as const)("what Batch refuses %s", ([, patienceSeconds, failures], { expect }) => {
  const refused = activityFailure("submitTask", batchError("read pool x: no", "AuthenticationFailed", 401));
  const answers = replies({ submitTask: [...times(200, refused), submitted] });

  const runs = driveOn({ ...conversion, patienceSeconds }, answers);

  expect(inputsOf(runs, "recordFailure")).toHaveLength(failures);
  if (patienceSeconds !== null) expect(secondsOf(runs)).toBeLessThan(patienceSeconds + 600);
});

/** Its access lasts for some minutes of waiting, and it is the renewal of this number. */
function shortLived(renewal: number, minutes = 10): { status: string; submission: unknown } {
  const taskId = renewal === 0 ? task.taskId : `${task.taskId}-${renewal}`;
  const lasts = submission.convertingSeconds + 1800 + minutes * 60;
  const accessUntil = new Date(START.getTime() + lasts * 1000).toISOString();
  const submittedAt = new Date(START.getTime() + renewal * 60_000).toISOString();
  const renewed = { ...submission, task: { ...task, taskId }, submittedAt, accessUntil, renewal };
  return { status: "submitted", submission: renewed };
}

/** The same, as often as its access is too short from the start. */
function driveRenewals(readTask: TaskStatus[], overrides: Replies, when = {}): readonly Run[] {
  return driveOn(conversion, replies({ readTask, ...overrides }), when);
}

test("a task whose access would end before its work could is replaced, and no attempt is counted", ({ expect }) => {
  const submitTask = [shortLived(0, 1), shortLived(1, 5), shortLived(2, 9999)];

  const runs = driveRenewals([...times(30, waitingBehind(4)), done], { submitTask });

  expect(runs.at(-1)?.result).toEqual({ outcome: "succeeded", record });
  expect(inputsOf(runs, "submitTask").slice(1)).toMatchObject([
    { attempt: 1, abandoned: null, replaced: { task, renewal: 0 } },
    { attempt: 1, abandoned: null, replaced: { task: { taskId: `${task.taskId}-1` }, renewal: 1 } },
  ]);
  expect(inputsOf(runs, "publish")).toMatchObject([
    { attempt: 1, submission: { task: { taskId: `${task.taskId}-2` } } },
  ]);
  expect(runs.at(-1)?.statuses.at(-2)).toMatchObject({ attempt: 1, renewals: 2 });
});

test("whoever waits with fresh access has been waiting since the start, and the queue stands still as before", ({
  expect,
}) => {
  const submitTask = [shortLived(0, 2), shortLived(1, 9999)];

  const [run] = driveRenewals(times(60, waiting), { submitTask });

  expect(run?.timers.at(-1)).toBe(submission.waitingSeconds);
  const waits = run?.statuses.filter((status) => (status as { phase: string }).phase === "waiting") ?? [];
  expect(new Set(waits.map((status) => (status as { waitingSince: string }).waitingSince)).size).toBe(1);
});

test("a task that begins just when it is to be replaced goes on", ({ expect }) => {
  const readTask = [...times(15, waitingBehind(1)), converting(5), done];

  const runs = driveRenewals(readTask, { submitTask: [shortLived(0, 0), ...times(20, { status: "notWaiting" })] });

  expect(runs.at(-1)?.result).toEqual({ outcome: "succeeded", record });
  expect(inputsOf(runs, "publish")).toMatchObject([{ submission: { task } }]);
});

test("a replacement that goes wrong again and again leaves no long history", ({ expect }) => {
  const readTask = [...times(80, waitingBehind(1)), done];

  const runs = driveRenewals(readTask, { submitTask: [shortLived(0, 0), ...times(80, { status: "notWaiting" })] });

  expect(runs.at(-1)?.result?.outcome).toBe("succeeded");
  expect(Math.max(...runs.map(({ calls, timers }) => calls.length + timers.length))).toBeLessThan(200);
});

test("what fails while a task is replaced is tried again, and the task keeps its place in the queue meanwhile", ({
  expect,
}) => {
  const away = activityFailure("submitTask", batchError("read task x: connect ECONNREFUSED"));
  const submitTask = [shortLived(0, 1), away, away, shortLived(1, 9999)];

  const runs = driveRenewals([...times(20, waitingBehind(1)), done], { submitTask });

  expect(runs.at(-1)?.result?.outcome).toBe("succeeded");
  expect(
    new Set(
      inputsOf(runs, "submitTask")
        .slice(1)
        .map((input) => JSON.stringify(input)),
    ).size,
  ).toBe(1);
  expect(runs[0]?.statuses).toContainEqual(
    expect.objectContaining({ phase: "waiting", waitReason: expect.stringContaining("ECONNREFUSED"), renewals: 1 }),
  );
});

test("a refusal while a task is replaced makes the queue move no more than it did", ({ expect }) => {
  const busy = activityFailure("submitTask", batchError("add task x: slow down", "TooManyRequests", 429));

  const runs = driveRenewals(times(40, waiting), { submitTask: [shortLived(0, 8), ...times(40, busy)] });

  expect(inputsOf(runs, "recordFailure")).toMatchObject([{ failure: { code: "Throttled" }, submission: { task } }]);
  expect(secondsOf(runs)).toBeGreaterThanOrEqual(submission.waitingSeconds);
  expect(secondsOf(runs)).toBeLessThan(1.3 * submission.waitingSeconds);
});

test("who cancels while a task is replaced ends it, and the one that may have taken its place", ({ expect }) => {
  const readTask = times(20, waitingBehind(1));
  const away = activityFailure("submitTask", batchError("add task x: connect ECONNREFUSED"));
  const [other] = driveRenewals(readTask, { submitTask: [shortLived(0, 1), { status: "superseded" }] });
  const cancelAtCall = 1 + (other?.calls.findLastIndex(({ name }) => name === "submitTask") ?? 0);

  const runs = driveRenewals(readTask, { submitTask: [shortLived(0, 1), away] }, { cancelAtCall });

  expect(inputsOf(runs, "recordFailure")).toMatchObject([{ failure: { code: "Cancelled" }, submission: { task } }]);
  expect(inputsOf(runs, "endTasks")).toEqual([
    { conversionId: ID, tasks: [task], suspectedAttempt: 1, suspectedRenewal: 1 },
  ]);
});

test("a task that is to be replaced ends when the input was replaced instead", ({ expect }) => {
  const submitTask = [shortLived(0, 1), { status: "superseded" }];

  const runs = driveRenewals(times(20, waitingBehind(1)), { submitTask });

  expect(runs.at(-1)?.result?.outcome).toBe("superseded");
  expect(inputsOf(runs, "endTasks")).toMatchObject([{ tasks: [task] }]);
});

test("the renewals of an instance are known from its status, also when it has just been resumed", ({ expect }) => {
  const progress = { phase: "waiting", percent: null, waitReason: null, attempt: 2, renewals: 3, submission: null };
  const ofStatus = { input: { workload, source }, customStatus: progress, output: null };
  const ofInput = { input: { workload, source, resumed: { progress } }, customStatus: null, output: null };

  for (const instance of [ofStatus, ofInput]) {
    expect(contentsOf(instance as unknown as DurableOrchestrationStatus).renewals).toBe(3);
  }
});

test("what an earlier version of the app has begun to wait for ends at the deadline that it had", ({ expect }) => {
  const old = { state: "waiting", reason: null } as TaskStatus;
  const watch = { submission, waitingSince: START.toISOString(), convertingSince: null, waitReason: null };
  const stage = { name: "watching", attempt: 1, since: START.toISOString(), watch } as const;
  const answers = replies({ readTask: times(60, old) });

  const fresh = driveOn(conversion, answers);
  const resumed = driveOn({ ...conversion, resumed: { stage } }, answers);

  for (const runs of [fresh, resumed]) {
    expect(secondsOf(runs)).toBe(submission.waitingSeconds);
    expect(inputsOf(runs, "recordFailure")).toMatchObject([{ failure: { code: "NoCapacity" } }]);
  }
});
