import type { FailureInfo, ResizeError } from "../model/records.ts";

/** Where the state machines ask whether something shall go wrong on purpose. */
export interface EngineFaults {
  /** An error instead of new nodes. */
  onResize(poolId: string, side: "dedicated" | "lowPriority"): ResizeError | undefined;
  /** An exit code instead of the start task's own. */
  onStartTask(poolId: string): number | undefined;
  /** Set when the node shall be lost this long after the task began. */
  onTaskStart(
    poolId: string,
    isDedicated: boolean,
  ): { readonly what: "preempt" | "unusable"; readonly afterMs: number } | undefined;
  onDownload(jobId: string): FailureInfo | undefined;
  onUpload(jobId: string): FailureInfo | undefined;
}
