import type { Config } from "./config.ts";
import type { JobRef, NewTask, TaskReading, TaskRef, WaitReason } from "./model/batchTask.ts";
import type { BlobVersion } from "./model/conversion.ts";
import type { Workload } from "./workloads/workload.ts";

/** What the activities work with. Each part hides an Azure service behind the few things that the app does with it. */
export interface Services {
  readonly config: Config;
  readonly batch: BatchService;
  readonly blobs: BlobStore;
  readonly layout: StorageLayout;
  readonly now: () => Date;
}

/** What Storage must hold before a task can run. */
export interface StorageLayout {
  /**
   * Makes sure that our containers exist and one of them holds the task scripts, and returns where each script is.
   * Remembered, so that it is free when repeated; `isFresh` looks again.
   */
  ensure(options?: { isFresh: boolean }): Promise<(workload: Workload) => BlobAddress>;
}

export interface BatchService {
  /**
   * Makes sure that the pool and the job exist, and returns where tasks go. Remembered, so that it is free when
   * repeated; `isFresh` looks again.
   */
  ensurePoolAndJob(options?: { isFresh: boolean }): Promise<JobRef>;
  /** The job that takes tasks now; undefined if there is none. Looks only: it makes nothing. */
  findJob(): Promise<JobRef | undefined>;
  /** Adding the same task again succeeds. A job that is gone is forgotten; the next attempt makes sure of it again. */
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
  /** The tasks of all generations of our job that ended before the given time, page by page. Makes nothing. */
  listOldTasks(before: Date): AsyncIterable<readonly TaskRef[]>;
  /** Deletes generations of the job, with their tasks, that have not been of use since then. Makes nothing. */
  deleteOldJobs(before: Date): Promise<void>;
}

export interface BlobProperties {
  /** Without quotes. */
  readonly eTag: string;
  readonly sizeBytes: number;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether a copy to the blob has not finished yet. */
  readonly isCopying: boolean;
}

/** `eTag: null`: there must be no such blob yet. */
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

export interface BlobPage {
  readonly blobs: readonly ListedBlob[];
  /**
   * Where the listing goes on; undefined after the last page. Only the service can read it. It has no end of life, but
   * the service may refuse one that it no longer understands.
   */
  readonly next: string | undefined;
}

interface ListOptions {
  /** What the names begin with. */
  readonly prefix?: string;
  /** The `next` of an earlier page; undefined begins with the first name. */
  readonly from?: string | undefined;
  /** 1 to 5,000, which is the default. */
  readonly pageSize?: number | undefined;
}

export type BlobAddress = Omit<BlobVersion, "eTag">;

export interface TextBlob {
  readonly text: string;
  /** Without quotes. */
  readonly eTag: string;
}

/** One version of a blob. */
export type CopySource = BlobAddress & Pick<BlobProperties, "eTag" | "sizeBytes">;

/** `copying`: the service goes on with it. `sourceChanged`: nothing was copied, the source was replaced or is gone. */
type CopyOutcome = "copied" | "copying" | "sourceChanged";

export interface BlobStore {
  ensureContainer(container: string): Promise<void>;
  /** Undefined when there is no such blob. */
  properties(blob: BlobAddress): Promise<BlobProperties | undefined>;
  /** Undefined when there is no such blob, or no such container. */
  readText(blob: BlobAddress): Promise<TextBlob | undefined>;
  /** Throws a `ConflictError` when the condition does not hold. */
  writeText(blob: BlobAddress, text: string, options: WriteOptions): Promise<void>;
  /**
   * The blobs of a container in the order of their names, one request for each page that is asked for. A page may hold
   * few or none although there is a next one.
   */
  list(container: string, options?: ListOptions): AsyncIterable<BlobPage>;
  /** Makes a new version of the blob; returns its ETag. Throws a `ConflictError` when the condition does not hold. */
  setContentType(blob: BlobAddress, contentType: string, condition?: IfUnchanged): Promise<string>;
  /**
   * Copies within the account; no bytes pass through the app. Up to 256 MiB the target is replaced in one step; above
   * that it loses its content when the copy begins. Throws a `ConflictError` when the condition on the target does not
   * hold.
   */
  copy(
    from: CopySource,
    to: BlobAddress,
    metadata: Readonly<Record<string, string>>,
    condition?: IfUnchanged,
  ): Promise<CopyOutcome>;
  /**
   * Deleting what is not there succeeds; a pending copy to the blob is aborted. A blob with snapshots stays, because they
   * would go with it. Throws a `ConflictError` when the condition does not hold.
   */
  delete(blob: BlobAddress, condition?: IfUnchanged): Promise<void>;
  /** The address of a blob, without any right to read it. */
  url(blob: BlobAddress): string;
  /** A URL that may read this one blob until the given time. A secret. */
  readUrl(blob: BlobAddress, expiresOn: Date): Promise<string>;
  /** A URL that may create and write blobs in this container until the given time. A secret. */
  writeUrl(container: string, expiresOn: Date): Promise<string>;
}
