import { test } from "vitest";
import type { Failure, FailureCode } from "../../src/model/failures.ts";
import {
  activityFailure,
  batchError,
  completed,
  converting,
  done,
  facts,
  failureRecord,
  inputsOf,
  record,
  replies,
  source,
  storageError,
  submission,
  submitted,
  task,
  waiting,
  waitingFor,
  workload,
} from "./conversion.ts";
import type { Replies } from "./drive.ts";
import { START, drive, driveOn, secondsOf } from "./drive.ts";

function threeRejections(failure: Failure): Replies {
  const rejected = { status: "rejected", failure };
  return {
    submitTask: [submitted, submitted, submitted],
    readTask: [done, done, done],
    publish: [rejected, rejected, rejected],
    recordFailure: [{ status: "recorded", record: failureRecord }],
  };
}

test("a conversion prepares, submits, watches and publishes, and its status says so", ({ expect }) => {
  const run = drive({ workload, source }, replies({ readTask: [waiting, converting(10), converting(80), done] }));

  expect(run.result).toEqual({ outcome: "succeeded", record });
  expect(run.calls.map(({ name }) => name)).toEqual([
    "submitTask",
    "readTask",
    "readTask",
    "readTask",
    "readTask",
    "publish",
  ]);
  expect(run.timers).toEqual([5, 10, 15, 20]);
  expect(run.statuses).toMatchObject([
    { phase: "preparing", attempt: 1 },
    { phase: "waiting" },
    { phase: "waiting" },
    { phase: "converting", percent: 10 },
    { phase: "converting", percent: 80 },
    { phase: "publishing" },
    { phase: "finished" },
  ]);
});

const publishedAtOnce = { readTask: [{ ...done, published: { status: "published", record } }] } as const;

test("what the look at a completed task has published needs no other activity", ({ expect }) => {
  const run = drive({ workload, source }, replies(publishedAtOnce));

  expect(run.result).toEqual({ outcome: "succeeded", record });
  expect(run.calls.map(({ name }) => name)).toEqual(["submitTask", "readTask"]);
});

test("what a look has published whose answer was lost is not converted again", ({ expect }) => {
  const run = drive(
    { workload, source },
    replies({ readTask: [{ state: "published", published: { status: "published", record } }] }),
  );

  expect(run.result).toEqual({ outcome: "succeeded", record });
  expect(run.calls.map(({ name }) => name)).toEqual(["submitTask", "readTask"]);
});

test("what was published when somebody cancelled is a success", ({ expect }) => {
  const run = drive({ workload, source }, replies(publishedAtOnce), START, { cancelAtCall: 2 });

  expect(run.result).toEqual({ outcome: "succeeded", record });
});

test("what the look at a completed task has rejected is tried again, and recorded as cancelled if somebody has cancelled", ({
  expect,
}) => {
  const failure: Failure = { code: "UploadFailed", message: "m", hint: "h" };
  const published = { status: "rejected", failure } as const;
  const answers = replies({ submitTask: [submitted, submitted], readTask: [{ ...done, published }, done] });

  const calls = drive({ workload, source }, answers).calls.map(({ name }) => name);
  expect(calls).toEqual(["submitTask", "readTask", "noteNodeFailure", "submitTask", "readTask", "publish"]);
  const cancelled = drive({ workload, source }, answers, START, { cancelAtCall: 2 });
  expect(inputsOf(cancelled, "recordFailure")).toMatchObject([{ failure: { code: "Cancelled" } }]);
});

test("a copy that the look at a completed task has begun is waited for", ({ expect }) => {
  const run = drive({ workload, source }, replies({ readTask: [{ ...done, published: { status: "copying" } }] }));

  expect(run.calls.map(({ name }) => name)).toEqual(["submitTask", "readTask", "publish"]);
});

test("what the event has said of the input is used by the first try only", ({ expect }) => {
  const refused = batchError("add task x", "ServerBusy", 503);
  const answers = replies({ submitTask: [refused, submitted] });

  const run = drive({ workload, source, facts }, answers);

  const [first, second] = inputsOf(run, "submitTask");
  expect(first).toMatchObject({ facts });
  expect(second).not.toHaveProperty("facts");
});

test("while it waits, the status says why", ({ expect }) => {
  const reason = "the pool has 0 of 1 node, 0 ready; AccountCoreQuotaReached: no cores left";

  const run = drive({ workload, source }, replies({ readTask: [waitingFor("QuotaExceeded", reason), done] }));

  expect(run.statuses).toContainEqual({
    phase: "waiting",
    percent: null,
    waitReason: reason,
    waitingSince: submission.submittedAt,
    attempt: 1,
    submission: { task, submittedAt: submission.submittedAt },
  });
});

test("a task that gets no node while the queue stands still fails with the reason, at the deadline", ({ expect }) => {
  const reason = "the start task failed on 2 nodes";
  const run = drive(
    { workload, source },
    replies({ readTask: Array.from({ length: 40 }, () => waitingFor("StartTaskFailed", reason)) }),
  );

  expect(run.timers.at(-1)).toBe(600);
  expect(run.result).toEqual({ outcome: "failed", record: failureRecord });
  expect(inputsOf(run, "recordFailure")).toMatchObject([
    {
      failure: { code: "StartTaskFailed", message: expect.stringContaining(reason) },
      submission,
      completed: null,
    },
  ]);
});

test("a conversion that runs past its own deadline fails, whatever Batch says", ({ expect }) => {
  const run = drive({ workload, source }, replies({ readTask: Array.from({ length: 40 }, () => converting(50)) }));

  expect(run.timers.at(-1)).toBe(5 + 3600 + 300);
  expect(inputsOf(run, "recordFailure")).toMatchObject([{ failure: { code: "ConversionTimedOut" } }]);
});

test("once the task runs, polling starts again and the waiting deadline no longer counts", ({ expect }) => {
  const waitingLong = Array.from({ length: 10 }, () => waiting);
  const run = drive({ workload, source }, replies({ readTask: [...waitingLong, converting(1), converting(2), done] }));

  const [atStart, first, second] = run.timers.slice(-3);
  expect(atStart).toBeGreaterThan(200);
  expect((first ?? 0) - (atStart ?? 0)).toBe(5);
  expect((second ?? 0) - (first ?? 0)).toBe(5);
});

test("a task that lost its node waits again with a new deadline", ({ expect }) => {
  const readTask = [converting(50), ...Array.from({ length: 40 }, () => waiting)];
  const run = drive({ workload, source }, replies({ readTask }));

  expect(run.timers.at(-1)).toBe(10 + 600);
  expect(run.statuses).toContainEqual(
    expect.objectContaining({ phase: "waiting", waitReason: "the task lost its node and starts again" }),
  );
});

test("after forty polls it continues as new with absolute times, and carries on where it was", ({ expect }) => {
  const long = { ...submission, convertingSeconds: 86_400, accessUntil: "2026-01-03T00:00:00.000Z" };
  const first = drive(
    { workload, source },
    replies({
      submitTask: [{ status: "submitted", submission: long }],
      readTask: Array.from({ length: 40 }, () => converting(5)),
    }),
  );

  expect(first.result).toBeUndefined();
  expect(first.continuedWith).toEqual({
    workload,
    source,
    firstAttempt: 1,
    startedAt: START.toISOString(),
    resumed: {
      stage: {
        name: "watching",
        attempt: 1,
        since: START.toISOString(),
        watch: {
          submission: long,
          waitingSince: START.toISOString(),
          convertingSince: "2026-01-01T12:00:05.000Z",
          stillSince: START.toISOString(),
          lookedForSince: START.toISOString(),
          waitReason: null,
          before: null,
          succeeded: null,
          sawBroken: false,
        },
      },
      progress: first.statuses.at(-1),
    },
  });

  const later = new Date("2026-01-01T13:00:00.000Z");
  const second = drive(
    first.continuedWith ?? { workload, source },
    { readTask: [done], publish: [{ status: "published", record }] },
    later,
  );

  expect(second.calls.map(({ name }) => name)).toEqual(["readTask", "publish"]);
  expect(second.timers).toEqual([900]);
  expect(second.statuses[0]).toEqual(first.statuses.at(-1));
  expect(second.calls[1]).toMatchObject({ input: { startedAt: START.toISOString() } });
});

test("a failure for which the blob is to blame is recorded at once", ({ expect }) => {
  const failure = { code: "NoAudioStream", message: "m", hint: "h" };
  const run = drive({ workload, source }, replies({ publish: [{ status: "rejected", failure }] }));

  expect(run.result).toEqual({ outcome: "failed", record: failureRecord });
  expect(inputsOf(run, "recordFailure")).toMatchObject([{ attempt: 1, failure, completed }]);
});

test("a platform failure is tried again as a new attempt, three times in all, with growing pauses", ({ expect }) => {
  const failure = { code: "UploadFailed", message: "m", hint: "h" };
  const run = drive({ workload, source }, threeRejections(failure));

  const attempts = run.calls.filter(({ name }) => name === "submitTask").map(({ input }) => input);
  expect(attempts).toMatchObject([{ attempt: 1 }, { attempt: 2 }, { attempt: 3 }]);
  expect(inputsOf(run, "recordFailure")).toMatchObject([{ attempt: 3, failure }]);
  const [, first = 0, , second = 0] = run.timers.map((time, index) => time - (run.timers[index - 1] ?? 0));
  expect([first, second]).toEqual([5, 20]);
});

test("a task that vanished is submitted again", ({ expect }) => {
  const run = drive(
    { workload, source },
    replies({
      submitTask: [submitted, submitted],
      readTask: [{ state: "lost", reason: "Job mp3drop is disabled" }, done],
    }),
  );

  expect(run.result).toEqual({ outcome: "succeeded", record });
});

test("Batch is asked again when it does not answer, and the status says so", ({ expect }) => {
  const silence = activityFailure("readTask", batchError("read task x: connect ECONNREFUSED"));
  const run = drive({ workload, source }, replies({ readTask: [silence, silence, done] }));

  expect(run.result).toEqual({ outcome: "succeeded", record });
  expect(run.statuses).toContainEqual(
    expect.objectContaining({ waitReason: "Azure Batch could not read task x: connect ECONNREFUSED" }),
  );
});

test("what fails before there is a task is tried again with growing pauses, and the status says why", ({ expect }) => {
  const away = activityFailure("submitTask", batchError("read pool mp3drop: connect ECONNREFUSED"));
  const run = drive({ workload, source }, replies({ submitTask: [away, away, away, submitted] }));

  expect(run.result).toEqual({ outcome: "succeeded", record });
  expect(run.timers.slice(0, 3)).toEqual([1, 2, 3]);
  expect(run.statuses).toContainEqual({
    phase: "waiting",
    percent: null,
    waitReason: "Azure Batch could not read pool mp3drop: connect ECONNREFUSED",
    waitingSince: START.toISOString(),
    attempt: 1,
    submission: null,
  });
});

test.for<[Error, FailureCode]>([
  [batchError("create job x: no more jobs", "ActiveJobAndScheduleQuotaReached", 409), "QuotaExceeded"],
  [batchError("add task x: slow down", "TooManyRequests", 429), "Throttled"],
  [storageError("look at input/429.mp4: busy", undefined, 503), "Throttled"],
  [storageError("look at input/429.mp4", undefined, 403), "Misconfigured"],
  [batchError("read pool x: no", "AuthenticationFailed", 401), "Misconfigured"],
  [batchError("read pool x: connect ECONNREFUSED"), "InternalError"],
  [storageError("look at input/Lesson 3: Forces.mp4: no", "AuthorizationFailure", 403), "Misconfigured"],
  [storageError("look at input/Lesson 3: Forces.mp4: busy", "ServerBusy", 503), "Throttled"],
  [storageError("look at input/x: 403: NotFound.mp4: try again", "InternalError", 500), "InternalError"],
  [storageError("look at input/[failure:Throttled] a.mp4: try again", "InternalError", 500), "InternalError"],
  [storageError("look at input/Azure Batch could not x: 503: ServerBusy.mp4", "OutOfRange", 400), "InternalError"],
  [new TypeError("x is undefined in Azure Batch could not y: 429: TooManyRequests"), "InternalError"],
])("a step that fails for hours with «%s» ends as %s, with that reason and no stack", ([error, code], { expect }) => {
  const { message: reason } = error;
  const failures = Array.from({ length: 300 }, () => activityFailure("submitTask", error));
  const runs = driveOn({ workload, source }, replies({ submitTask: failures }));

  const seconds = secondsOf(runs);
  expect(seconds).toBeGreaterThan(4 * 3600 - 300);
  expect(seconds).toBeLessThan(4 * 3600 + 600);
  expect(inputsOf(runs, "recordFailure")).toMatchObject([
    { failure: { code, message: reason }, submission: null, completed: null },
  ]);
});

test("a retry long after the first start has the same patience as the first attempt", ({ expect }) => {
  const busy = activityFailure("submitTask", storageError("look at input/talks/intro.mp4", "ServerBusy", 503));
  const startedAt = new Date(START.getTime() - 5 * 3_600_000).toISOString();
  const run = drive({ workload, source, firstAttempt: 2, startedAt }, replies({ submitTask: [busy, submitted] }));

  expect(run.result).toEqual({ outcome: "succeeded", record });
});

test("a copy that never ends is given up after an hour, and the conversion says so", ({ expect }) => {
  const copying = Array.from({ length: 2_000 }, () => ({ status: "copying" }));
  const run = drive({ workload, source }, replies({ publish: copying }));

  expect(run.timers.at(-1)).toBeLessThan(3_900);
  expect(inputsOf(run, "recordFailure")).toMatchObject([{ failure: { code: "CopyTimedOut" } }]);
});

test("a conversion that is cancelled is recorded as cancelled, without another look at the task", ({ expect }) => {
  const record = { schemaVersion: 1, status: "cancelled" };
  const answers = replies({ readTask: [waiting, converting(1)], recordFailure: [{ status: "recorded", record }] });

  const run = drive({ workload, source }, answers, START, { cancelAtTimer: 3 });

  expect(run.result).toEqual({ outcome: "cancelled", record });
  expect(run.calls.map(({ name }) => name).slice(1)).toEqual(["readTask", "readTask", "recordFailure", "endTasks"]);
  expect(inputsOf(run, "recordFailure")).toMatchObject([
    { failure: { code: "Cancelled" }, submission, completed: null },
  ]);
});

test.for([
  ["while the task is read", { cancelAtCall: 3 }, "readTask readTask recordFailure endTasks"],
  ["in the pause after a failed attempt", { cancelAtTimer: 2 }, "readTask publish recordFailure"],
  ["while the next attempt is prepared", { cancelAtCall: 4 }, "readTask publish submitTask recordFailure endTasks"],
] as const)("cancelling %s is not lost", ([, when, calls], { expect }) => {
  const rejected = { status: "rejected", failure: { code: "AccessExpired", message: "m", hint: "h" } };
  const isFirst = calls.startsWith("readTask readTask");
  const answers = replies({
    submitTask: [submitted, submitted],
    readTask: isFirst ? [waiting, waiting] : [done],
    publish: [rejected],
    recordFailure: [{ status: "recorded", record: { status: "cancelled" } }],
  });

  const run = drive({ workload, source }, answers, START, when);

  expect(run.result?.outcome).toBe("cancelled");
  expect(run.calls.slice(1).map(({ name }) => name)).toEqual(calls.split(" "));
});

test("an end is had told after its record, and once its tasks have ended, where somebody wants to know", ({
  expect,
}) => {
  const isToBeTold = true;
  const answers = replies({
    readTask: [waiting],
    publish: [{ status: "published", record, isToBeTold }],
    recordFailure: [{ status: "recorded", record: failureRecord, isToBeTold }],
    startTelling: [null],
  });

  const good = drive({ workload, source }, { ...answers, readTask: [done] });
  const cancelled = drive({ workload, source }, answers, START, { cancelAtTimer: 1 });

  expect(good.calls.slice(-2)).toEqual([
    expect.objectContaining({ name: "publish" }),
    { name: "startTelling", input: { record } },
  ]);
  expect(good.result).toEqual({ outcome: "succeeded", record });
  expect(cancelled.calls.map(({ name }) => name).slice(-3)).toEqual(["recordFailure", "endTasks", "startTelling"]);
  expect(inputsOf(cancelled, "startTelling")).toEqual([{ record: failureRecord }]);
});

test("what cannot be had told now is tried again, and the conversion ends all the same", ({ expect }) => {
  const down = storageError("start it");
  const answers = replies({
    publish: [{ status: "published", record, isToBeTold: true }],
    startTelling: [down, down, null],
  });

  const run = drive({ workload, source }, answers);
  expect(inputsOf(run, "startTelling")).toHaveLength(3);
  const [endless] = driveOn(
    { workload, source },
    { ...answers, startTelling: Array.from({ length: 200 }, () => down) },
  );

  expect(run.result?.outcome).toBe("succeeded");
  expect(endless?.result?.outcome ?? "continued").toMatch(/succeeded|continued/);
});

test("the time of a run counts from its own start, even when the loss of its node was not seen", ({ expect }) => {
  const first = converting(90, "2026-01-01T12:00:00.500Z");
  const second = Array.from({ length: 60 }, () => converting(1, "2026-01-01T12:50:00.000Z"));
  const run = drive({ workload, source }, replies({ readTask: [first, ...second.slice(0, 39)] }));

  expect(run.continuedWith?.resumed?.stage).toMatchObject({ watch: { convertingSince: "2026-01-01T12:50:00.000Z" } });
});

test("a failure that may be the node's fault is noted with the node, before the next attempt", ({ expect }) => {
  const failure = { code: "DiskFull", message: "", hint: "" };
  const publish = [
    { status: "rejected", failure },
    { status: "published", record },
  ];
  const twice = { submitTask: [submitted, submitted], readTask: [done, done], publish };
  const warning = "Node node-1 gets no more tasks";

  const run = drive({ workload, source }, replies({ ...twice, noteNodeFailure: [{ warning }] }));
  const other = { ...failure, code: "AccessExpired" };
  const unnoted = { ...twice, publish: [{ status: "rejected", failure: other }, ...publish.slice(1)] };

  expect(inputsOf(run, "noteNodeFailure")).toEqual([{ task, nodeId: "node-1", source, code: "DiskFull" }]);
  expect(run.warnings).toEqual([warning]);
  expect(inputsOf(drive({ workload, source }, replies(unnoted)), "noteNodeFailure")).toEqual([]);
});

test("a failure that cannot be noted with its node changes nothing for the conversion", ({ expect }) => {
  const rejected = { status: "rejected", failure: { code: "DiskFull", message: "", hint: "" } };
  const twice = { submitTask: [submitted, submitted], readTask: [done, done] };
  const publish = [rejected, { status: "published", record }];
  const noted = drive({ workload, source }, replies({ ...twice, publish }));

  const error = activityFailure("noteNodeFailure", storageError("write nodes/mp3drop.json"));
  const run = drive({ workload, source }, replies({ ...twice, publish, noteNodeFailure: [error] }));

  expect(run.result).toEqual({ outcome: "succeeded", record });
  expect(run.timers).toEqual(noted.timers);
  expect(run.warnings).toEqual([expect.stringContaining("write nodes/mp3drop.json")]);
});

test("a failed conversion that is run again counts its attempts on, and has three again", ({ expect }) => {
  const failure = { code: "UploadFailed", message: "m", hint: "h" };
  const run = drive({ workload, source, firstAttempt: 4 }, threeRejections(failure));

  const attempts = run.calls.filter(({ name }) => name === "submitTask").map(({ input }) => input);
  expect(attempts).toMatchObject([{ attempt: 4 }, { attempt: 5 }, { attempt: 6 }]);
});

test("an input that was replaced before its task was added ends as superseded and writes nothing", ({ expect }) => {
  const run = drive({ workload, source }, replies({ submitTask: [{ status: "superseded" }] }));

  expect(run.result).toEqual({ outcome: "superseded", record: null });
  expect(run.calls.map(({ name }) => name)).toEqual(["submitTask"]);
});

test("an input that was replaced while it was converted ends as superseded", ({ expect }) => {
  const run = drive({ workload, source }, replies({ publish: [{ status: "superseded" }] }));

  expect(run.result).toEqual({ outcome: "superseded", record: null });
});

test("a file that is too large for a node fails at once, with the figures, and without a task", ({ expect }) => {
  const failure = { code: "InputTooLarge", message: "The file has 41.0 GB; …", hint: "" };
  const run = drive({ workload, source }, replies({ submitTask: [{ status: "refused", failure }] }));

  expect(run.result).toEqual({ outcome: "failed", record: failureRecord });
  expect(run.timers).toEqual([]);
  expect(inputsOf(run, "recordFailure")).toMatchObject([{ attempt: 1, failure, submission: null }]);
});

test("an input that was deleted is recorded as InputMissing", ({ expect }) => {
  const run = drive({ workload, source }, replies({ submitTask: [{ status: "deleted" }] }));

  expect(inputsOf(run, "recordFailure")).toMatchObject([{ failure: { code: "InputMissing" } }]);
});

test("a conversion that is cancelled while its result is copied publishes nothing more", ({ expect }) => {
  const record = { schemaVersion: 1, status: "cancelled" };
  const answers = replies({
    publish: Array.from({ length: 3 }, () => ({ status: "copying" })),
    recordFailure: [{ status: "recorded", record }],
  });

  const run = drive({ workload, source }, answers, START, { cancelAtTimer: 3 });

  expect(run.result).toEqual({ outcome: "cancelled", record });
  expect(inputsOf(run, "recordFailure")).toMatchObject([{ failure: { code: "Cancelled" } }]);
});

test("a copy that takes long is waited for", ({ expect }) => {
  const copying = { status: "copying" };
  const run = drive({ workload, source }, replies({ publish: [copying, copying, { status: "published", record }] }));

  expect(run.result).toEqual({ outcome: "succeeded", record });
  expect(run.timers).toEqual([5, 6, 7]);
});
