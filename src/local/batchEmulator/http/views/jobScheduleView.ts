import { nextRunMs } from "../../engine/jobSchedule/occurrences.ts";
import type { Job, JobSchedule } from "../../model/entities.ts";
import { timestamp } from "../../timestamp.ts";
import type { Call } from "../call.ts";
import { noUsage } from "./usage.ts";

/** In the service's order. */
export function jobScheduleView({ baseUrl, engine }: Call, schedule: JobSchedule, withStats: boolean): object {
  const { record } = schedule;
  const { jobSpecification, metadata = [] } = record.spec;
  const url = `${baseUrl}/jobschedules/${record.id}`;
  const isToRun = record.state === "active" || record.state === "disabled";
  const nextMs = isToRun ? nextRunMs(record, engine.nowMs()) : undefined;
  // The service leaves out a schedule that says nothing.
  const isScheduled = Object.values(record.spec.schedule).some((value) => value !== undefined);
  return {
    id: record.id,
    displayName: record.spec.displayName,
    url,
    eTag: record.eTag,
    lastModified: record.lastModified,
    creationTime: record.creationTime,
    state: record.state,
    stateTransitionTime: record.stateTransitionTime,
    previousState: record.previousState,
    previousStateTransitionTime: record.previousStateTransitionTime,
    schedule: isScheduled ? record.spec.schedule : undefined,
    jobSpecification,
    executionInfo: {
      nextRunTime: nextMs === undefined ? undefined : timestamp(nextMs),
      recentJob:
        record.recentJobId === undefined
          ? undefined
          : { url: `${baseUrl}/jobs/${record.recentJobId}`, id: record.recentJobId },
      endTime: record.endTime,
    },
    ...(metadata.length > 0 && { metadata }),
    ...(withStats && { stats: statsOf([...engine.store.jobIndex.ofSchedule(record.id)], url, schedule) }),
  };
}

function statsOf(jobs: readonly Job[], url: string, { record }: JobSchedule): object {
  const sum = (outcome: "succeeded" | "failed"): string =>
    String(jobs.reduce((total, { counts }) => total + counts[outcome], 0));
  return {
    ...noUsage(`${url}/lifetimejobschedulestats`, record.creationTime, record.endTime),
    numSucceededTasks: sum("succeeded"),
    numFailedTasks: sum("failed"),
    numTaskRetries: "0",
  };
}
