import { dirname, join } from "node:path";
import { Archive } from "../../kit/archive.ts";
import { ArchivingJournal } from "../../kit/archivingJournal.ts";
import type { UserError } from "../../kit/userError.ts";
import { CompletedTasks } from "./completedTasks.ts";
import { found } from "./found.ts";
import { partsOfJobId } from "./jobIds.ts";
import { JobIndex } from "./jobIndex.ts";
import { count } from "./taskCounts.ts";
import { TaskQueue } from "./taskQueue.ts";
import { FORMAT, readEntry } from "./journalEntries.ts";
import { entriesOf, replay } from "./replay.ts";
import type { Entry } from "./journalEntries.ts";
import { isArchived, keyOf, newCounts } from "./entities.ts";
import type { Job, JobNode, JobSchedule, Node, Pool, Task } from "./entities.ts";
import type {
  JobNodeRecord,
  JobRecord,
  JobScheduleRecord,
  NodeRecord,
  PoolRecord,
  TaskEnd,
  TaskProgress,
  TaskRecord,
} from "./records.ts";

/** Holds two thousand tasks that wait, with their signed URLs; a start reads it in a second. */
const COMPACT_AT_BYTES = 8 * 1024 * 1024;

interface StoreOptions {
  /** Called once, when changes can no longer be kept. */
  readonly onFailure?: (failure: UserError) => void;
  /** As of the journal; 8 MiB if not given. */
  readonly compactAtBytes?: number;
  /** As of the archive. */
  readonly maxSegmentBytes?: number;
}

/**
 * All pools, nodes, job schedules, jobs and tasks, and the journal that outlives the process.
 * `save…` and `remove…` collect; `commit` writes what was collected in one go. Nothing may be acknowledged before it.
 * Tasks that have completed are then in an archive beside the journal, and read from it whenever they are asked for.
 */
export class Store {
  readonly pools = new Map<string, Pool>();
  readonly jobSchedules = new Map<string, JobSchedule>();
  readonly jobs = new Map<string, Job>();
  readonly jobIndex = new JobIndex();
  readonly #completed: CompletedTasks;
  /** Undefined while it is read: what it holds need not be written again. */
  readonly #journal: ArchivingJournal<Entry> | undefined;
  #pending: Entry[] = [];
  #isFlushScheduled = false;
  #isClosed = false;
  #lastSeq = 0;

  /** Reads the journal at the path, and where the archive beside it holds what. */
  constructor(path: string, options: StoreOptions = {}) {
    const archive = new Archive(join(dirname(path), "archive"), options.maxSegmentBytes);
    this.#completed = new CompletedTasks(archive);
    this.#journal = ArchivingJournal.open<Entry>(path, {
      compactAtBytes: COMPACT_AT_BYTES,
      ...options,
      format: FORMAT,
      apply: (line) => {
        const entry = readEntry(line);
        if (entry.v !== null && "seq" in entry.v) this.#lastSeq = Math.max(this.#lastSeq, entry.v.seq);
        replay(this, entry);
      },
      archive,
      snapshot: () => entriesOf(this),
      relocate: (move) => this.#completed.relocate(this.jobs.values(), move),
    });
  }

  nextSeq(): number {
    return ++this.#lastSeq;
  }

  addPool(record: PoolRecord): Pool {
    const pool: Pool = { record, nodes: new Map() };
    this.pools.set(keyOf(record.id), pool);
    this.savePool(pool);
    return pool;
  }

  savePool({ record }: Pool): void {
    this.#write({ pool: keyOf(record.id), v: record });
  }

  removePool(pool: Pool): void {
    this.pools.delete(keyOf(pool.record.id));
    this.#write({ pool: keyOf(pool.record.id), v: null });
  }

  addNode(pool: Pool, record: NodeRecord): Node {
    const node: Node = { record, pool, runs: new Set(), epoch: 0, isDraining: false };
    pool.nodes.set(keyOf(record.id), node);
    this.saveNode(node);
    return node;
  }

  saveNode({ record, pool }: Node): void {
    this.#write({ node: keyOf(record.id), of: keyOf(pool.record.id), v: record });
  }

  removeNode({ record, pool }: Node): void {
    pool.nodes.delete(keyOf(record.id));
    this.#write({ node: keyOf(record.id), of: keyOf(pool.record.id), v: null });
  }

  addJobSchedule(record: JobScheduleRecord): JobSchedule {
    const schedule: JobSchedule = { record };
    this.jobSchedules.set(keyOf(record.id), schedule);
    this.saveJobSchedule(schedule);
    return schedule;
  }

  saveJobSchedule({ record }: JobSchedule): void {
    this.#write({ jobSchedule: keyOf(record.id), v: record });
  }

  removeJobSchedule({ record }: JobSchedule): void {
    this.jobSchedules.delete(keyOf(record.id));
    this.#write({ jobSchedule: keyOf(record.id), v: null });
  }

  jobScheduleOf(job: Job): JobSchedule | undefined {
    return this.jobSchedules.get(keyOf(partsOfJobId(job.record.id).scheduleId ?? ""));
  }

  addJob(record: JobRecord): Job {
    const job: Job = {
      record,
      tasks: new Map(),
      ready: new TaskQueue(),
      nodes: new Map(),
      runs: new Set(),
      counts: newCounts(),
      slotCounts: newCounts(),
    };
    this.jobs.set(keyOf(record.id), job);
    this.jobIndex.add(job);
    this.saveJob(job);
    return job;
  }

  saveJob({ record }: Job): void {
    this.#write({ job: keyOf(record.id), v: record });
  }

  addJobNode(job: Job, record: JobNodeRecord): JobNode {
    const jobNode: JobNode = { record, job };
    job.nodes.set(keyOf(record.nodeId), jobNode);
    this.saveJobNode(jobNode);
    return jobNode;
  }

  saveJobNode({ record, job }: JobNode): void {
    this.#write({ jobNode: keyOf(record.nodeId), of: keyOf(job.record.id), v: record });
  }

  /** For changes that may give the job another pool. */
  moveJob(job: Job, change: (record: JobRecord) => void): void {
    this.jobIndex.move(job, () => change(job.record));
    this.saveJob(job);
  }

  removeJob(job: Job): void {
    for (const task of job.tasks.values()) this.#completed.release(task);
    this.jobs.delete(keyOf(job.record.id));
    this.jobIndex.remove(job);
    this.#write({ job: keyOf(job.record.id), v: null });
  }

  addTask(job: Job, record: TaskRecord): Task {
    const task: Task = { record, job };
    job.tasks.set(keyOf(record.id), task);
    count(job, task, 1);
    this.saveTask(task);
    return task;
  }

  saveTask({ record, job }: Task): void {
    this.#write({ task: keyOf(record.id), of: keyOf(job.record.id), v: record });
  }

  /** Changes what the task has come to, and keeps the counts of its job right. */
  progressTask(task: Task, change: (progress: TaskProgress) => void): void {
    const wasArchived = this.#change(task, change);
    // The journal may know no more than the place of one that was completed in this turn.
    if (wasArchived || this.#completed.isWaiting(task)) this.saveTask(task);
    else this.#write({ progress: keyOf(task.record.id), of: keyOf(task.job.record.id), v: task.record.progress });
  }

  /** The same for a task that is completed by the change or was so before it. */
  completeTask(task: Task, end: TaskEnd, change: (progress: TaskProgress) => void): void {
    this.#change(task, change);
    this.#completed.add(task, end);
    this.#commitAtEndOfTurn();
  }

  removeTask(task: Task): void {
    const { tasks } = task.job;
    const key = keyOf(task.record.id);
    count(task.job, task, -1);
    const known = tasks.get(key);
    if (known !== undefined) this.#completed.release(known);
    tasks.delete(key);
    this.#write({ task: keyOf(task.record.id), of: keyOf(task.job.record.id), v: null });
  }

  requirePool(id: string): Pool {
    return found(this.pools, id, "PoolNotFound");
  }

  requireNode(pool: Pool, id: string): Node {
    return found(pool.nodes, id, "NodeNotFound");
  }

  requireJobSchedule(id: string): JobSchedule {
    return found(this.jobSchedules, id, "JobScheduleNotFound");
  }

  requireJob(id: string): Job {
    return found(this.jobs, id, "JobNotFound");
  }

  /** One that is archived is read anew by each call: change it in the same turn, or ask again. */
  requireTask(job: Job, id: string): Task {
    const task = found(job.tasks, id, "TaskNotFound");
    return isArchived(task) ? this.#completed.read(job, keyOf(id), task) : task;
  }

  /** What every commit throws from here on, once the state cannot be saved. */
  get failure(): UserError | undefined {
    return this.#journal?.failure;
  }

  /** Once this has returned, all changes so far survive the death of this process. */
  commit(): void {
    if (this.#isClosed) return;
    const entries = this.#pending;
    this.#pending = [];
    const archived = this.#completed.archiveWaiting(this.jobs);
    for (const { job, key, task } of archived) entries.push({ archived: key, of: keyOf(job.record.id), v: task });
    // Even without entries: what an earlier call could not keep must not be answered as if it had been.
    this.#journal?.append(...entries);
    for (const { job, key, task } of archived) job.tasks.set(key, task);
    if (entries.length > 0) this.#journal?.compactWhenWorthwhile();
  }

  close(): void {
    this.#commitUnlessFailed();
    this.#isClosed = true;
    this.#journal?.close();
  }

  /** For changes that nobody waits for: a failure has been reported by `onFailure`. */
  #commitUnlessFailed(): void {
    try {
      this.commit();
    } catch (error) {
      if (error !== this.#journal?.failure) throw error;
    }
  }

  #write(entry: Entry): void {
    if (this.#journal === undefined) return;
    this.#pending.push(entry);
    this.#commitAtEndOfTurn();
  }

  #commitAtEndOfTurn(): void {
    // What no request waits for is written at the end of the turn that changed it.
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    queueMicrotask(() => {
      this.#isFlushScheduled = false;
      this.#commitUnlessFailed();
    });
  }

  /** Gives whether the task was archived; it is in memory again now. */
  #change(task: Task, change: (progress: TaskProgress) => void): boolean {
    const { job } = task;
    const key = keyOf(task.record.id);
    const known = job.tasks.get(key);
    count(job, task, -1);
    change(task.record.progress);
    count(job, task, 1);
    if (known === undefined || !isArchived(known)) return false;
    this.#completed.release(known);
    job.tasks.set(key, task);
    return true;
  }
}
