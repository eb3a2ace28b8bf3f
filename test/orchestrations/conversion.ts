import type { TaskStatus } from "../../src/activities/readTask.ts";
import { markActivityError } from "../../src/model/activityError.ts";
import type { CompletedTask, WaitReason } from "../../src/model/batchTask.ts";
import type { ConversionRecord } from "../../src/model/conversion.ts";
import { BatchError, StorageError } from "../../src/model/errors.ts";
import type { Replies, Run } from "./drive.ts";
import { START } from "./drive.ts";

export const workload = "mp3";
export const source = { container: "input", name: "talks/intro.mp4", eTag: "0x8DA1" };
export const facts = { sizeBytes: 5, lastModified: START.toISOString(), metadata: { mp3drop_mono: "true" } };
export const task = { poolId: "mp3drop", jobId: "mp3drop", taskId: "0123456789abcdef0123456789abcdef-1" };
export const submission = {
  task,
  submittedAt: START.toISOString(),
  waitingSeconds: 600,
  convertingSeconds: 3600,
  accessUntil: "2026-01-01T14:10:00.000Z",
};
export const submitted = { status: "submitted", submission };
export const completed: CompletedTask = {
  state: "completed",
  succeeded: true,
  exitCode: 0,
  failure: null,
  startedAt: START.toISOString(),
  endedAt: START.toISOString(),
  nodeId: "node-1",
};
export const done = { state: "completed", completed } as const;
/** In a queue that stands still. */
export const waiting: TaskStatus = {
  state: "waiting",
  reason: null,
  isMoving: false,
  isGrowing: false,
  succeeded: 0,
  before: null,
};
export const waitingFor = (code: WaitReason["code"], text: string): TaskStatus => ({
  ...waiting,
  reason: { code, text },
});
/** In a queue that moves. */
export const waitingBehind = (before: number | null): TaskStatus => ({ ...waiting, isMoving: true, before });
export const converting = (percent: number | null, startedAt: string | null = null): TaskStatus => ({
  state: "converting",
  percent,
  startedAt,
});
/** As much of a record as an orchestration looks at. */
export const record = { schemaVersion: 1, status: "succeeded" } as ConversionRecord;
export const failureRecord = { schemaVersion: 1, status: "failed" };

/** What the activities answer when all goes well, or as the test wants. */
export function replies(overrides: Replies): Replies {
  return {
    submitTask: [submitted],
    readTask: [done],
    publish: [{ status: "published", record }],
    recordFailure: [{ status: "recorded", record: failureRecord }],
    endTasks: [null],
    ...overrides,
  };
}

/** An activity's error as the Durable extension hands it on. */
export function activityFailure(name: string, error: Error): Error {
  return new Error(`Activity function '${name}' failed: ${markActivityError(error).message} \n {"stack":"…"}`);
}

export function batchError(message: string, code?: string, statusCode?: number): BatchError {
  return new BatchError(`Azure Batch could not ${message}`, { code, statusCode });
}

export function storageError(message: string, code?: string, statusCode?: number): StorageError {
  return new StorageError(`Azure Storage could not ${message}`, { code, statusCode });
}

/** The inputs of all calls of an activity. */
export function inputsOf(runs: Run | readonly Run[], name: string): unknown[] {
  const calls = [runs].flat().flatMap((run) => (run as Run).calls);
  return calls.filter((call) => call.name === name).map(({ input }) => input);
}
