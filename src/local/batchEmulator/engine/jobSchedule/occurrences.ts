import { durationMs } from "../../duration.ts";
import type { JobScheduleRecord } from "../../model/records.ts";

/**
 * When the next job is due. A time in the past is a job that may still be created, at once; undefined if there will be
 * none. https://learn.microsoft.com/rest/api/batchservice/job-schedules/create-job-schedule#batchjobscheduleconfiguration
 */
export function nextRunMs(record: JobScheduleRecord, nowMs: number): number | undefined {
  const { doNotRunAfter, startWindow, recurrenceInterval } = record.spec.schedule;
  const intervalMs = recurrenceInterval === undefined ? Number.POSITIVE_INFINITY : durationMs(recurrenceInterval);
  const firstMs = firstUnusedMs(record, intervalMs);
  if (firstMs === undefined) return undefined;
  const windowMs = startWindow === undefined ? Number.POSITIVE_INFINITY : durationMs(startWindow);
  const dueMs = firstOpenMs(firstMs, intervalMs, windowMs, nowMs);
  const isTooLate = doNotRunAfter !== undefined && Math.max(dueMs ?? 0, nowMs) > Date.parse(doNotRunAfter);
  return isTooLate ? undefined : dueMs;
}

/** The first occurrence after the one that the latest job was created for. An infinite interval stands for "only one". */
function firstUnusedMs(record: JobScheduleRecord, intervalMs: number): number | undefined {
  const startMs = Date.parse(record.spec.schedule.doNotRunUntil ?? record.creationTime);
  if (record.lastRunTime === undefined) return startMs;
  const lastMs = Date.parse(record.lastRunTime);
  if (startMs > lastMs) return startMs;
  return Number.isFinite(intervalMs) ? lastMs + intervalMs : undefined;
}

/** One that has passed without a job is not made up for once the next one is there, or its window has closed. */
function firstOpenMs(firstMs: number, intervalMs: number, windowMs: number, nowMs: number): number | undefined {
  if (!Number.isFinite(intervalMs)) return nowMs <= firstMs + windowMs ? firstMs : undefined;
  const passed = Math.max(0, Math.floor((nowMs - firstMs) / intervalMs));
  const latestMs = firstMs + passed * intervalMs;
  return nowMs <= latestMs + windowMs ? latestMs : latestMs + intervalMs;
}
