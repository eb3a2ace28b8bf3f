import type { BatchServiceClient } from "@azure/batch";

export const PREPARATION = { jobPreparationTask: { commandLine: "prepare" } };
export const BOTH = { ...PREPARATION, jobReleaseTask: { commandLine: "release" } };

/** What the preparation and release of the job have come to on each node. */
export async function statuses(client: BatchServiceClient) {
  const list = await client.job.listPreparationAndReleaseTaskStatus("job");
  return list.map((item) => ({
    prepared: item.jobPreparationTaskExecutionInfo?.result ?? item.jobPreparationTaskExecutionInfo?.state,
    released: item.jobReleaseTaskExecutionInfo?.result ?? item.jobReleaseTaskExecutionInfo?.state,
  }));
}
