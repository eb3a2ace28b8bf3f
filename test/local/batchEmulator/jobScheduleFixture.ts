import type { BatchServiceModels } from "@azure/batch";
import type { Fixture } from "./emulator.ts";

export const MINUTE = 60_000;
/** When a virtual emulator is started. */
const START = Date.UTC(2026, 0, 1, 12);
export const SPECIFICATION = { poolInfo: { poolId: "pool" } };

/** So many minutes after the start of the test. */
export function minute(minutes: number): Date {
  return new Date(START + minutes * MINUTE);
}

export function addJobSchedule(
  client: Fixture["client"],
  schedule: BatchServiceModels.Schedule = {},
  jobSpecification: Partial<BatchServiceModels.JobSpecification> = {},
) {
  return client.jobSchedule.add({ id: "s", schedule, jobSpecification: { ...SPECIFICATION, ...jobSpecification } });
}

export async function jobsOf(client: Fixture["client"]): Promise<(string | undefined)[]> {
  return (await client.job.listFromJobSchedule("s")).map(({ id, state }) => `${id} ${state}`);
}
