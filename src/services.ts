import type { JobRef, NewTask, TaskReading, TaskRef, WaitReason } from "./model/batchTask.ts";
import type { Config } from "./config.ts";
import type { BlobVersion } from "./model/conversion.ts";
import type { Workload } from "./workloads/workload.ts";

/** What the activities work with. Each part hides one service of Azure behind the few things the app does with it. */
export interface Services {
  readonly config: Config;
  readonly batch: BatchService;
  readonly blobs: BlobStore;
  readonly layout: StorageLayout;
  readonly now: () => Date;
}

/** What must be there before a task can run. */
export interface StorageLayout {
  /**
   * Makes sure that our containers exist and the task scripts are in one of them, and says where each script is.
   * Remembered, so that it is free when repeated; `isFresh` looks again.
   */
  ensure(options?: { isFresh: boolean }): Promise<(workload: Workload) => BlobAddress>;
}

export interface BatchService {
  /**
   * Makes sure that the pool and the job exist, and says where tasks go. Remembered, so that it is free when repeated;
   * `isFresh` looks again.
   */
  ensurePoolAndJob(options?: { isFresh: boolean }): Promise<JobRef>;
  /** Adding the same task again succeeds. A job that vanished is forgotten, so that the next attempt ensures it anew. */
  addTask(task: NewTask): Promise<TaskRef>;
  readTask(task: TaskRef): Promise<TaskReading>;
  /** The start of the task's stdout, at most `maxBytes`; empty while there is none. */
  readStdout(task: TaskRef, maxBytes: number): Promise<string>;
  /** Why an active task has no node yet; null when the pool is just busy. */
  explainWaiting(): Promise<WaitReason | null>;
  /** Ending a task that has ended, or is gone, succeeds. */
  terminateTask(task: TaskRef): Promise<void>;
  /** Deleting a task that is gone succeeds. */
  deleteTask(task: TaskRef): Promise<void>;
  /**
   * Deletes the tasks of our job that were completed before the given time, and says how many; and its completed
   * generations with all their tasks.
   */
  deleteOldTasks(before: Date): Promise<number>;
}

export interface BlobProperties {
  /** Without quotes. */
  readonly eTag: string;
  readonly sizeBytes: number;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Set when the blob is the target of a copy that has not finished. */
  readonly isCopying: boolean;
}

/** `eTag: null` means that there must be no such blob yet. */
export interface IfUnchanged {
  readonly eTag: string | null;
}

interface WriteOptions {
  readonly contentType: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly condition?: IfUnchanged;
}

export interface ListedBlob {
  readonly name: string;
  /** Without quotes. */
  readonly eTag: string;
  readonly lastModified: Date;
  readonly metadata: Readonly<Record<string, string>>;
}

export type BlobAddress = Omit<BlobVersion, "eTag">;

/** With an ETag, only that version of the source will do. */
type CopySource = BlobAddress & { readonly eTag?: string };

/** `copying`: the service is still at it. `sourceChanged`: nothing was copied, the source is another version or gone. */
type CopyOutcome = "copied" | "copying" | "sourceChanged";

export interface BlobStore {
  ensureContainer(container: string): Promise<void>;
  /** Undefined when there is no such blob. */
  properties(blob: BlobAddress): Promise<BlobProperties | undefined>;
  /** Undefined when there is no such blob, or no such container. */
  readText(blob: BlobAddress): Promise<string | undefined>;
  /** Throws a `ConflictError` when the condition does not hold. */
  writeText(blob: BlobAddress, text: string, options: WriteOptions): Promise<void>;
  /** All blobs of a container in the order of their names, fetched page by page as they are asked for. */
  list(container: string): AsyncIterable<ListedBlob>;
  /** Returns the ETag of the version that this makes. Throws a `ConflictError` when the condition does not hold. */
  setContentType(blob: BlobAddress, contentType: string, condition?: IfUnchanged): Promise<string>;
  /**
   * Copies within the account without moving bytes through us. Throws a `ConflictError` when the condition on the
   * target does not hold. A large copy may go on after the return.
   */
  copy(
    from: CopySource,
    to: BlobAddress,
    metadata: Readonly<Record<string, string>>,
    condition?: IfUnchanged,
  ): Promise<CopyOutcome>;
  /** Deleting what is not there succeeds, and a pending copy to it is aborted. Throws a `ConflictError` when the condition does not hold. */
  delete(blob: BlobAddress, condition?: IfUnchanged): Promise<void>;
  /** The address of a blob, without any right to read it. */
  url(blob: BlobAddress): string;
  /** A URL that may read this one blob until the given time. A secret. */
  readUrl(blob: BlobAddress, expiresOn: Date): Promise<string>;
  /** A URL of a container that may create and write blobs in it until the given time. A secret. */
  writeUrl(container: string, expiresOn: Date): Promise<string>;
}
