import type { TaskRef } from "../model/batchTask.ts";
import type { BlobAddress, BlobStore, Services } from "../services.ts";
import { TASK_FILES } from "../workloads/taskFiles.ts";
import type { TaskReport } from "../workloads/workload.ts";
import { parseReport } from "./taskReport.ts";

/** Where an attempt puts its results until they are checked: a folder of its own in the staging container. */
export interface StagedBlobs {
  readonly result: BlobAddress;
  readonly report: BlobAddress;
  readonly stderr: BlobAddress;
}

export function stagedBlobs(container: string, conversionId: string, attempt: number): StagedBlobs {
  const at = (file: string): BlobAddress => ({ container, name: `${conversionId}/${attempt}/${file}` });
  return {
    result: at(TASK_FILES.result),
    report: at(TASK_FILES.report),
    stderr: at("stderr.txt"),
  };
}

/** The path of a blob trigger that fires for reports only. */
export function reportPath(container: string): string {
  return `${container}/{conversion}/{attempt}/${TASK_FILES.report}`;
}

/** The conversion that a report belongs to; undefined for a blob that is no report. */
export function conversionOfReport(blobName: string): string | undefined {
  return blobName.endsWith(`/${TASK_FILES.report}`) ? /^([0-9a-f]{32})\//.exec(blobName)?.[1] : undefined;
}

/** Undefined if the task left none, or one that was cut off. */
export async function readReport(blobs: BlobStore, staged: StagedBlobs): Promise<TaskReport | undefined> {
  const found = await blobs.readText(staged.report);
  if (found === undefined) return undefined;
  try {
    return parseReport(found.text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Removes what all attempts of a conversion have staged, and its last task if one is given. The names are known, so
 * nothing has to be listed. The decision stays, for runs that are late. The conversion has ended: whatever cannot be removed is left to the daily clean-up, and
 * must not make it fail.
 */
export async function removeTraces(
  { blobs, batch, config }: Services,
  conversionId: string,
  attempts: number,
  task: TaskRef | null,
): Promise<void> {
  const numbers = Array.from({ length: attempts }, (_, index) => index + 1);
  const staged = numbers.flatMap((attempt) =>
    Object.values(stagedBlobs(config.containers.staging, conversionId, attempt)),
  );
  const removals = staged.map((blob) => blobs.delete(blob));
  await Promise.allSettled(task === null ? removals : [...removals, batch.deleteTask(task)]);
}
