import type { OrchestrationContext, Task } from "durable-functions";
import { test } from "vitest";
import type { ConversionInput } from "../../src/orchestrations/contract.ts";
import type { ConversionResult } from "../../src/orchestrations/stage.ts";
import { logged } from "../../src/orchestrations/logged.ts";
import { readConversionMessage } from "../../src/model/conversionLog.ts";

const START = new Date("2026-01-01T12:00:00.000Z");
const source = { container: "input", name: "intro.mp4", eTag: "0x8DA1" };
const record = {
  status: "succeeded",
  input: { sizeBytes: 9_000 },
  output: { name: "intro.mp3", sizeBytes: 1_000, durationSeconds: 42.5 },
  error: null,
  times: {
    startedAt: "2026-01-01T12:00:00.000Z",
    submittedAt: "2026-01-01T12:00:01.000Z",
    convertingAt: "2026-01-01T12:01:00.000Z",
    convertedAt: "2026-01-01T12:01:20.000Z",
    recordedAt: "2026-01-01T12:01:21.500Z",
  },
  attempts: 2,
};

/** What is logged by an orchestrator that takes one step of 90 s. */
function run(
  input: ConversionInput,
  end: () => ConversionResult | undefined,
  { isReplaying = false } = {},
): { said: unknown[]; thrown: unknown } {
  const said: unknown[] = [];
  const df = { instanceId: "0123", isReplaying, currentUtcDateTime: START, getInput: () => input };
  const log = (message: string): void => void said.push(readConversionMessage(message));
  const context = { df, info: log } as unknown as OrchestrationContext;
  const generator = logged(function* () {
    yield {} as Task;
    return end();
  })(context);
  try {
    generator.next();
    df.isReplaying = false;
    df.currentUtcDateTime = new Date(START.getTime() + 90_000);
    generator.next();
    return { said, thrown: undefined };
  } catch (thrown) {
    return { said, thrown };
  }
}

test("a conversion logs when it starts and how it ends", ({ expect }) => {
  const { said } = run(
    { workload: "mp3", source },
    () => ({ outcome: "succeeded", record }) as unknown as ConversionResult,
  );

  const common = { conversionId: "0123", workload: "mp3", name: "intro.mp4", firstAttempt: 1 };
  expect(said).toEqual([
    { event: "started", ...common },
    {
      event: "ended",
      ...common,
      outcome: "succeeded",
      result: "intro.mp3",
      seconds: 90,
      failure: null,
      measures: {
        attempts: 2,
        queuedSeconds: 60,
        convertingSeconds: 20,
        publishingSeconds: 1.5,
        inputBytes: 9_000,
        outputBytes: 1_000,
        audioSeconds: 42.5,
      },
    },
  ]);
});

test("a failure is logged with code, message and hint", ({ expect }) => {
  const error = { code: "NoAudioStream", message: "The video has no audio stream", hint: "Upload one", logBlob: "log" };
  const times = { ...record.times, convertingAt: null, convertedAt: null };
  const failed = { outcome: "failed", record: { ...record, status: "failed", output: null, error, times } };

  expect(
    run({ workload: "mp3", source, firstAttempt: 4 }, () => failed as unknown as ConversionResult).said[1],
  ).toMatchObject({
    firstAttempt: 4,
    outcome: "failed",
    result: null,
    failure: { code: "NoAudioStream", message: "The video has no audio stream", hint: "Upload one" },
    measures: { queuedSeconds: null, convertingSeconds: null, outputBytes: null, audioSeconds: null },
  });
});

test("a superseded conversion has no record, and logs that it was superseded", ({ expect }) => {
  const { said } = run({ workload: "mp3", source }, () => ({ outcome: "superseded", record: null }));

  expect(said[1]).toMatchObject({ outcome: "superseded", result: null, failure: null, measures: null });
});

test("replayed turns log nothing again", ({ expect }) => {
  const { said } = run({ workload: "mp3", source }, () => ({ outcome: "superseded", record: null }), {
    isReplaying: true,
  });

  expect(said).toMatchObject([{ event: "ended" }]);
});

test("a conversion that continues as new logs neither an end nor a start", ({ expect }) => {
  const resumed = { attempt: 1, watch: {} } as unknown as NonNullable<ConversionInput["resumed"]>;
  const startedAt = "2026-01-01T11:00:00.000Z";

  expect(run({ workload: "mp3", source }, () => undefined).said).toMatchObject([{ event: "started" }]);
  expect(
    run({ workload: "mp3", source, resumed, startedAt }, () => ({ outcome: "superseded", record: null })).said,
  ).toMatchObject([{ event: "ended", seconds: 3_690 }]);
});

test("an orchestration that throws what an activity threw says so without the head of the message", ({ expect }) => {
  const { said } = run({ workload: "mp3", source }, () => {
    throw new Error("Activity function 'recordFailure' failed: [failure:Misconfigured] Azure Storage said no");
  });

  expect(said[1]).toMatchObject({ failure: { code: "Misconfigured", message: "Azure Storage said no" } });
});

test("an orchestration that throws logs that, and still throws the same error", ({ expect }) => {
  const error = new Error("a bug\nin some line");

  const { said, thrown } = run({ workload: "mp3", source }, () => {
    throw error;
  });

  expect(said[1]).toMatchObject({ outcome: "failed", failure: { code: "InternalError", message: "a bug" } });
  expect(thrown).toBe(error);
});
