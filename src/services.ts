import type { Config } from "./config.ts";
import type { BatchLoad, JobRef, NewTask, QueueReading, TaskReading, TaskRef } from "./model/batchTask.ts";
import type { BlobVersion, Channel, ConversionRecord } from "./model/conversion.ts";
import type { ConversionEvent } from "./model/conversionEvent.ts";
import type { Companion, Workload } from "./workloads/workload.ts";

/** What the activities work with. Each part hides an Azure service behind the few things that the app does with it. */
export interface Services {
  readonly config: Config;
  readonly batch: BatchService;
  readonly nodes: NodeService;
  readonly blobs: BlobStore;
  readonly layout: StorageLayout;
  readonly companions: CompanionFinder;
  readonly metrics: Metrics;
  /** Those that are told of the end of each conversion. */
  readonly messengers: Readonly<Partial<Record<Channel, Messenger>>>;
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

/** Looks for blobs beside the one that is converted. */
export interface CompanionFinder {
  /**
   * Undefined if there is none. `uploadedAt`: when the blob was last modified. All who ask within some seconds for the
   * same folder share one look, unless they were uploaded after it. `isFresh` looks again.
   */
  find(
    blob: BlobAddress,
    companion: Companion,
    uploadedAt: () => Promise<Date>,
    options?: { isFresh: boolean },
  ): Promise<BlobAddress | undefined>;
}

/** Takes an event to somebody, bounded in time. Taking it again does no harm: its id tells. */
export interface Messenger {
  /** Throws nothing. */
  send(event: ConversionEvent): Promise<Delivery>;
}

export type Delivery = { readonly status: "taken" } | Undelivered;

export interface Undelivered {
  /** `refused`: for good. `unavailable`: later it may be taken. */
  readonly status: "refused" | "unavailable";
  /** Null where there was no answer. */
  readonly httpStatus: number | null;
  /** In words, without any secret. */
  readonly reason: string;
  /** How long the receiver wants to be left alone; 0 where it has not said so. */
  readonly retryAfterSeconds: number;
}

/** Counts what this process does, since it has been running. */
export interface Metrics {
  /** A conversion has ended: its record has just been written. */
  countEnd(record: ConversionRecord): void;
  /** The sweep has started conversions whose event had not arrived. */
  countFoundBySweep(conversions: number): void;
  /** All of it for Prometheus, and what Batch has to do; undefined where Batch has not said. */
  text(load: BatchLoad | undefined): Promise<string>;
}

export interface BatchService {
  /**
   * Makes sure that the pool and the job exist, and returns where tasks go. Remembered, so that it is free when
   * repeated; `isFresh` looks again.
   */
  ensurePoolAndJob(options?: { isFresh: boolean }): Promise<JobRef>;
  /** What whoever runs the app should know about the pool: each is returned once. */
  takeNotices(): readonly string[];
  /** The job that takes tasks now; undefined if there is none. Looks only: it makes nothing. */
  findJob(): Promise<JobRef | undefined>;
  /** Adding the same task again succeeds. A job that is gone is forgotten; the next attempt makes sure of it again. */
  addTask(task: NewTask): Promise<NewlyAdded>;
  readTask(task: TaskRef): Promise<TaskReading>;
  /** The start of the task's stdout, at most `maxBytes`; empty while there is none. */
  readStdout(task: TaskRef, maxBytes: number): Promise<string>;
  /** The same of its stderr. */
  readStderr(task: TaskRef, maxBytes: number): Promise<string>;
  /**
   * What the queue does for a task that waits in this job since the given time. All who ask within some seconds share one
   * look, so what this costs does not depend on how many they are. A pool that is gone is made again.
   */
  readQueue(job: JobRef, addedAt: string | null): Promise<QueueReading>;
  /** Of the pool, and of all open generations of our job. Shares the look of `readQueue`, but makes nothing. */
  readLoad(): Promise<BatchLoad>;
  /** The tasks whose id begins like that, in all generations of our job that there are. Makes nothing. */
  findTasks(idPrefix: string): Promise<readonly TaskRef[]>;
  /** Ending a task that has ended, or is gone, succeeds. */
  terminateTask(task: TaskRef): Promise<void>;
  /** Deleting a task that is gone succeeds. */
  deleteTask(task: TaskRef): Promise<void>;
  /** The tasks of all generations of our job that ended before the given time, page by page. Makes nothing. */
  listOldTasks(before: Date): AsyncIterable<readonly TaskRef[]>;
  /** Deletes generations of the job, with their tasks, that have not been of use since then. Makes nothing. */
  deleteOldJobs(before: Date): Promise<void>;
}

export interface NewlyAdded extends TaskRef {
  /** When an earlier call had added it, in ISO 8601; left out if this one has. */
  readonly addedBefore?: string;
}

/** The nodes of our pool, and what can be done about them. */
export interface NodeService {
  /** Whether the pool bears our mark. One that somebody else has made is theirs to repair. Remembered for some minutes. */
  isOurs(): Promise<boolean>;
  /** Those that run no task until somebody does something; none if there is no pool. At most a page of them. */
  listBroken(): Promise<readonly BrokenNode[]>;
  /** Undefined when the node is gone, or is about to go. */
  read(nodeId: string): Promise<NodeReading | undefined>;
  /** Undefined when there is no such pool, or it is being deleted. */
  readPool(): Promise<PoolScale | undefined>;
  /** Whether Batch accepts that. The tasks on the node start again elsewhere, or on it later. */
  reboot(nodeId: string): Promise<boolean>;
  /** No more tasks for this node; those that run there go on. */
  stopTasks(nodeId: string): Promise<void>;
  /**
   * Takes nodes out of the pool, whose targets become smaller by them; their tasks start again elsewhere. `busy`: the pool
   * is changing its size, so try later. `refused`: Batch does not do that to this pool as it is.
   */
  remove(nodeIds: readonly string[]): Promise<"accepted" | "busy" | "refused">;
  /** The pool keeps the size it has. For an hour, nobody takes that for a mistake. */
  disableScaling(): Promise<void>;
  enableScaling(scaling: AutoScaling): Promise<void>;
  resize(targets: PoolTargets): Promise<void>;
}

export interface BrokenNode {
  readonly nodeId: string;
  /** `offline`: we have taken it out of service (see `stopTasks`). */
  readonly state: "unusable" | "starttaskfailed" | "offline";
  /** Since when it is in that state, in ISO 8601. */
  readonly since: string;
  /** What Batch says is wrong; empty when it does not know. */
  readonly errors: readonly { readonly code: string; readonly message: string }[];
}

export interface NodeReading {
  readonly isDedicated: boolean;
  readonly tasksSucceeded: number;
}

/** How large a pool is to be, and who decides. */
export interface PoolScale {
  /** Whether it can be changed now. */
  readonly isSteady: boolean;
  /** Null for a pool of fixed size. */
  readonly scaling: AutoScaling | null;
  readonly targets: PoolTargets;
}

export interface AutoScaling {
  readonly formula: string;
  /** A duration in ISO 8601. */
  readonly evaluationInterval: string;
}

export interface PoolTargets {
  readonly dedicated: number;
  readonly spot: number;
}

export interface BlobProperties {
  /** Without quotes. */
  readonly eTag: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
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
  readonly sizeBytes: number;
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

/** Whichever version of a blob is there, of at most 256 MiB. */
type AnyCopySource = BlobAddress & { readonly eTag?: never; readonly sizeBytes?: never };

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
    from: CopySource | AnyCopySource,
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
  /** The address of a container, without any right to it. */
  containerUrl(container: string): string;
  /** A URL that may read this one blob until the given time. A secret. `fileName`: what a browser saves it as. */
  readUrl(blob: BlobAddress, expiresOn: Date, fileName?: string): Promise<string>;
  /** A URL that may write this one blob until the given time. A secret. */
  uploadUrl(blob: BlobAddress, expiresOn: Date): Promise<string>;
  /** A URL that may create and write blobs in this container until the given time. A secret. */
  writeUrl(container: string, expiresOn: Date): Promise<string>;
}
