import { test } from "vitest";
import { BatchError } from "../../src/model/errors.ts";
import type { Replies } from "./drive.ts";
import { START, drive, driveOn, secondsOf } from "./drive.ts";
import {
  activityFailure,
  batchError,
  converting,
  done,
  inputsOf,
  record,
  replies,
  source,
  storageError,
  submission,
  submitted,
  task,
  waiting,
  workload,
} from "./conversion.ts";

const HOUR = 3600;
/** One generation may hold this many calls and timers, whatever happens. */
const MAX_STEPS = 250;

const busy = storageError("write output/talks/intro.mp3.json", "ServerBusy", 503);
const refused = storageError("write output/talks/intro.mp3.json", "AuthorizationFailure", 403);
const missing = storageError("write output/talks/intro.mp3.json", "ContainerNotFound", 404);
const away = activityFailure("readTask", batchError("read task x: connect ECONNREFUSED"));
const tooMany = new BatchError("Azure Batch could not do it", { code: "x", statusCode: 429, retryAfterSeconds: 30 });
const throttled = activityFailure("any", tooMany);
const cancelledRecord = { schemaVersion: 1, status: "cancelled" };
const published = { status: "published", record };

function times<Reply>(count: number, reply: Reply): Reply[] {
  return Array.from({ length: count }, () => reply);
}

/** With a storage that refuses the given activity so many times. */
function refusing(name: "publish" | "recordFailure", count: number, error: Error, overrides: Replies = {}): Replies {
  const good = name === "publish" ? published : { status: "recorded", record: cancelledRecord };
  return replies({
    ensureLayout: times(count + 100, null),
    ...overrides,
    [name]: [...times(count, activityFailure(name, error)), good],
  });
}

test.for<[string, Error]>([
  ["is busy", busy],
  ["refuses us", refused],
  ["has lost its containers", missing],
])(
  "while storage %s, the result of a task is published again and again, and the task is not run again",
  ([, error], { expect }) => {
    const runs = driveOn({ workload, source }, refusing("publish", 60, error));

    expect(runs.at(-1)?.result).toEqual({ outcome: "succeeded", record });
    expect(secondsOf(runs)).toBeGreaterThan(2 * HOUR);
    expect(inputsOf(runs, "submitTask")).toHaveLength(1);
    expect(inputsOf(runs, "recordFailure")).toEqual([]);
    expect(runs[0]?.statuses).toContainEqual(
      expect.objectContaining({ phase: "publishing", waitReason: error.message, attempt: 1 }),
    );
  },
);

test("before a result is published again, the containers are looked for again", ({ expect }) => {
  const [run] = driveOn({ workload, source }, refusing("publish", 1, missing));

  expect(run?.calls.slice(2).map(({ name }) => name)).toEqual(["publish", "ensureLayout", "publish"]);
});

test("a result that cannot be published for four hours is a failure, and its task is not run again", ({ expect }) => {
  const runs = driveOn({ workload, source }, refusing("publish", 300, busy));

  expect(runs.at(-1)?.result?.outcome).toBe("failed");
  expect(secondsOf(runs)).toBeGreaterThan(4 * HOUR);
  expect(secondsOf(runs)).toBeLessThan(4.2 * HOUR);
  expect(inputsOf(runs, "submitTask")).toHaveLength(1);
  expect(inputsOf(runs, "recordFailure")).toMatchObject([{ failure: { code: "Throttled", message: busy.message } }]);
});

test("a conversion can be cancelled while its result waits for storage", ({ expect }) => {
  const answers = refusing("publish", 9, busy, { recordFailure: [{ status: "recorded", record: cancelledRecord }] });

  const runs = driveOn({ workload, source }, answers, { cancelAtTimer: 5 });

  expect(runs.at(-1)?.result).toEqual({ outcome: "cancelled", record: cancelledRecord });
  expect(inputsOf(runs, "recordFailure")).toMatchObject([{ failure: { code: "Cancelled" } }]);
});

test("a cancellation whose record cannot be written for days stays one, and its orchestration lives", ({ expect }) => {
  const answers = refusing("recordFailure", 600, busy, { readTask: times(9, waiting) });

  const runs = driveOn({ workload, source }, answers, { cancelAtTimer: 3 });

  expect(secondsOf(runs)).toBeGreaterThan(24 * HOUR);
  expect(runs.at(-1)?.result).toEqual({ outcome: "cancelled", record: cancelledRecord });
  expect(new Set(inputsOf(runs, "recordFailure").map((input) => JSON.stringify(input))).size).toBe(1);
  expect(runs[1]?.statuses[0]).toMatchObject({
    phase: "publishing",
    waitReason: `The record cannot be written yet (Somebody cancelled the conversion): ${busy.message}`,
    submission: { task },
  });
});

test("a failure that is cancelled while its record waits for storage is recorded as cancelled", ({ expect }) => {
  const rejected = { status: "rejected", failure: { code: "NoAudioStream", message: "m", hint: "h" } };
  const answers = { ...refusing("recordFailure", 6, busy), publish: [rejected] };

  const runs = driveOn({ workload, source }, answers, { cancelAtTimer: 4 });

  const codes = inputsOf(runs, "recordFailure").map((input) => (input as { failure: { code: string } }).failure.code);
  expect(codes.slice(0, 3)).toEqual(["NoAudioStream", "NoAudioStream", "NoAudioStream"]);
  expect(new Set(codes.slice(3))).toEqual(new Set(["Cancelled"]));
});

test.for([
  ["has ended meanwhile is published", done, "succeeded"],
  ["has never run fails, then and not before", waiting, "failed"],
] as const)(
  "a task that Batch tells nothing about beyond its deadline, and that %s",
  ([, answer, outcome], { expect }) => {
    const runs = driveOn({ workload, source }, replies({ readTask: [...times(70, away), answer] }));

    expect(runs.at(-1)?.result?.outcome).toBe(outcome);
    expect(secondsOf(runs)).toBeGreaterThan(3 * HOUR);
    expect(inputsOf(runs, "submitTask")).toHaveLength(1);
  },
);

test("while Batch is away, the pauses go on growing past the deadline", ({ expect }) => {
  const [run] = driveOn({ workload, source }, replies({ readTask: [...times(39, away), done] }));

  const pauses = run?.timers.map((time, index) => time - (run.timers[index - 1] ?? 0)) ?? [];
  expect(run?.timers).toContain(600);
  expect(Math.min(...pauses.filter((_, index) => run?.timers[index] !== 600))).toBeGreaterThanOrEqual(1);
  expect(pauses.at(-1)).toBe(900);
});

test.for<[string, Replies]>([
  ["adding a task", { submitTask: [throttled, submitted] }],
  ["looking at a task", { readTask: [throttled, done] }],
  ["publishing", refusing("publish", 1, tooMany)],
  [
    "writing the record of a failure",
    { ...refusing("recordFailure", 1, tooMany), submitTask: [{ status: "deleted" }] },
  ],
  ["ending a task", { readTask: [{ state: "superseded" }], endTasks: [throttled, null] }],
])("who is refused when %s, and told to wait, waits at least that long", ([, answers], { expect }) => {
  const run = drive({ workload, source }, replies({ ensureLayout: [null], ...answers }));

  const pauses = run.timers.map((time, index) => time - (run.timers[index - 1] ?? 0));
  expect(Math.max(...pauses)).toBe(30);
});

test("an input that is deleted while Batch is away ends its conversion, and its task once Batch answers", ({
  expect,
}) => {
  const answers = replies({
    readTask: [converting(3), { state: "inputDeleted" }],
    endTasks: [...times(20, activityFailure("endTasks", batchError("end task x"))), null],
  });

  const [run] = driveOn({ workload, source }, answers);

  expect(inputsOf(run ?? [], "recordFailure")).toMatchObject([{ failure: { code: "InputMissing" }, submission }]);
  expect(inputsOf(run ?? [], "endTasks")).toHaveLength(21);
  expect(inputsOf(run ?? [], "endTasks")[0]).toMatchObject({ tasks: [task], suspectedAttempt: null });
});

test("an input that is replaced while Batch is away ends its conversion, and its task", ({ expect }) => {
  const [run] = driveOn({ workload, source }, replies({ readTask: [waiting, { state: "superseded" }] }));

  expect(run?.result).toEqual({ outcome: "superseded", record: null });
  expect(run?.calls.at(-1)).toMatchObject({ name: "endTasks", input: { tasks: [task] } });
});

test("while its last task is being ended, a conversion says that its outcome is settled, and why it waits", ({
  expect,
}) => {
  const endTasks = times(500, activityFailure("endTasks", batchError("end task x: connect ECONNREFUSED")));
  const answers = replies({ readTask: times(9, waiting), endTasks });

  const runs = driveOn({ workload, source }, answers, { cancelAtTimer: 3 });

  expect(runs.at(-1)?.result?.record).toBeDefined();
  expect(secondsOf(runs)).toBeLessThan(4.2 * HOUR);
  expect(runs[0]?.statuses.at(-1)).toMatchObject({
    phase: "finished",
    waitReason: "Azure Batch could not end task x: connect ECONNREFUSED",
  });
});

test("an attempt that is cancelled before its task was added ends that of the attempt before, and what it may have added", ({
  expect,
}) => {
  const refusal = activityFailure("submitTask", busy);
  const answers = replies({
    submitTask: [submitted, refusal, refusal],
    readTask: [{ state: "lost", reason: "The node is gone" }],
  });

  const run = drive({ workload, source }, answers, START, { cancelAtTimer: 4 });

  expect(inputsOf(run, "recordFailure")).toMatchObject([{ attempt: 2, failure: { code: "Cancelled" } }]);
  expect(inputsOf(run, "endTasks")).toEqual([
    { conversionId: "0123456789abcdef0123456789abcdef", tasks: [task], suspectedAttempt: 2 },
  ]);
});

test("no generation of a history grows without bounds, whatever fails", ({ expect }) => {
  const failures = (name: string): Error[] => times(120, activityFailure(name, busy));
  const stages: Replies[] = [
    { submitTask: [...failures("submitTask"), submitted] },
    { readTask: times(200, away) },
    { publish: failures("publish") },
    { submitTask: [{ status: "deleted" }], recordFailure: failures("recordFailure") },
    { submitTask: [{ status: "deleted" }], endTasks: failures("endTasks") },
  ];
  for (const stage of stages) {
    const answers = replies({
      ensureLayout: times(500, null),
      ...stage,
      readTask: [...(stage.readTask ?? []), done],
      recordFailure: [...(stage.recordFailure ?? []), { status: "recorded", record: cancelledRecord }],
    });

    const runs = driveOn({ workload, source }, answers);

    expect(runs.length).toBeGreaterThan(1);
    expect(Math.max(...runs.map(({ calls, timers }) => calls.length + timers.length))).toBeLessThan(MAX_STEPS);
  }
});
