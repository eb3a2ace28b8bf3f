import { Journal } from "../../kit/journal.ts";
import type { UserError } from "../../kit/userError.ts";
import { ServiceError } from "../serviceError.ts";
import { TaskQueue } from "./taskQueue.ts";
import { readEntry } from "./journalEntries.ts";
import type { Entry } from "./journalEntries.ts";
import { keyOf, newCounts } from "./entities.ts";
import type { Job, Node, Pool, Task, TaskCounts } from "./entities.ts";
import type { JobRecord, NodeRecord, PoolRecord, TaskProgress, TaskRecord } from "./records.ts";

const FORMAT = { kind: "batch-emulator", version: 1 };
const MIN_ENTRIES_TO_COMPACT = 20_000;
const STALE_ENTRIES_PER_LIVE_ONE = 4;

/**
 * All pools, nodes, jobs and tasks, and the journal that outlives the process.
 * `save…` and `remove…` collect; `commit` writes what was collected in one go. Nothing may be acknowledged before it.
 */
export class Store {
  readonly pools = new Map<string, Pool>();
  readonly jobs = new Map<string, Job>();
  readonly #jobsByPool = new Map<string, Set<Job>>();
  readonly #journal: Journal<Entry> | undefined;
  #pending: Entry[] = [];
  #isFlushScheduled = false;
  #isClosed = false;
  #lastSeq = 0;

  /** Without a path nothing outlives the process. `onFailure` is called once, when changes can no longer be kept. */
  constructor(path?: string, onFailure: (failure: UserError) => void = () => {}) {
    const options = { format: FORMAT, apply: (entry: Entry) => this.#apply(entry), onFailure };
    this.#journal = path === undefined ? undefined : Journal.open<Entry>(path, options);
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

  addJob(record: JobRecord): Job {
    const job: Job = {
      record,
      tasks: new Map(),
      ready: new TaskQueue(),
      runs: new Set(),
      counts: newCounts(),
      slotCounts: newCounts(),
    };
    this.jobs.set(keyOf(record.id), job);
    this.#index(job);
    this.saveJob(job);
    return job;
  }

  saveJob({ record }: Job): void {
    this.#write({ job: keyOf(record.id), v: record });
  }

  moveJob(job: Job, poolId: string): void {
    this.jobsOfPool(job.record.spec.poolInfo.poolId).delete(job);
    job.record.spec = { ...job.record.spec, poolInfo: { ...job.record.spec.poolInfo, poolId } };
    this.#index(job);
  }

  removeJob(job: Job): void {
    this.jobs.delete(keyOf(job.record.id));
    this.jobsOfPool(job.record.spec.poolInfo.poolId).delete(job);
    this.#write({ job: keyOf(job.record.id), v: null });
  }

  jobsOfPool(poolId: string): Set<Job> {
    const key = keyOf(poolId);
    let jobs = this.#jobsByPool.get(key);
    if (jobs === undefined) this.#jobsByPool.set(key, (jobs = new Set()));
    return jobs;
  }

  addTask(job: Job, record: TaskRecord): Task {
    const task: Task = { record, job };
    job.tasks.set(keyOf(record.id), task);
    countTask(task, 1);
    this.saveTask(task);
    return task;
  }

  saveTask({ record, job }: Task): void {
    this.#write({ task: keyOf(record.id), of: keyOf(job.record.id), v: record });
  }

  /** Changes what the task has come to, and keeps the counts of its job right. */
  progressTask(task: Task, change: (progress: TaskProgress) => void): void {
    countTask(task, -1);
    change(task.record.progress);
    countTask(task, 1);
    this.#write({
      progress: keyOf(task.record.id),
      of: keyOf(task.job.record.id),
      v: task.record.progress,
    });
  }

  removeTask(task: Task): void {
    countTask(task, -1);
    task.job.tasks.delete(keyOf(task.record.id));
    this.#write({ task: keyOf(task.record.id), of: keyOf(task.job.record.id), v: null });
  }

  requirePool(id: string): Pool {
    const pool = this.pools.get(keyOf(id));
    if (pool === undefined) throw new ServiceError("PoolNotFound");
    return pool;
  }

  requireNode(pool: Pool, id: string): Node {
    const node = pool.nodes.get(keyOf(id));
    if (node === undefined) throw new ServiceError("NodeNotFound");
    return node;
  }

  requireJob(id: string): Job {
    const job = this.jobs.get(keyOf(id));
    if (job === undefined) throw new ServiceError("JobNotFound");
    return job;
  }

  requireTask(job: Job, id: string): Task {
    const task = job.tasks.get(keyOf(id));
    if (task === undefined) throw new ServiceError("TaskNotFound");
    return task;
  }

  /** Once this has returned, all changes so far survive the death of this process. */
  commit(): void {
    if (this.#isClosed) return;
    const entries = this.#pending;
    this.#pending = [];
    // Even without entries: what an earlier call could not keep must not be answered as if it had been.
    this.#journal?.append(...entries);
    if (entries.length > 0) this.#compactWhenStale();
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
    // What no request waits for is written at the end of the turn that changed it.
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    queueMicrotask(() => {
      this.#isFlushScheduled = false;
      this.#commitUnlessFailed();
    });
  }

  #index(job: Job): void {
    this.jobsOfPool(job.record.spec.poolInfo.poolId).add(job);
  }

  #compactWhenStale(): void {
    const journal = this.#journal;
    if (journal === undefined || journal.appendedSinceCompaction < MIN_ENTRIES_TO_COMPACT) return;
    let live = this.pools.size + this.jobs.size;
    for (const pool of this.pools.values()) live += pool.nodes.size;
    for (const job of this.jobs.values()) live += job.tasks.size;
    if (journal.appendedSinceCompaction < live * STALE_ENTRIES_PER_LIVE_ONE) return;
    journal.compact(this.#entries());
  }

  *#entries(): Iterable<Entry> {
    for (const [key, pool] of this.pools) {
      yield { pool: key, v: pool.record };
      for (const [nodeKey, node] of pool.nodes) yield { node: nodeKey, of: key, v: node.record };
    }
    for (const [key, job] of this.jobs) {
      yield { job: key, v: job.record };
      for (const [taskKey, task] of job.tasks) yield { task: taskKey, of: key, v: task.record };
    }
  }

  /** Replays one line: the journal is not yet there, so nothing is written again. */
  #apply(line: Entry): void {
    const entry = readEntry(line);
    if (entry.v !== null && "seq" in entry.v) this.#lastSeq = Math.max(this.#lastSeq, entry.v.seq);
    if ("pool" in entry) this.#applyPool(entry.pool, entry.v);
    else if ("node" in entry) this.#applyNode(entry.of, entry.node, entry.v);
    else if ("job" in entry) this.#applyJob(entry.job, entry.v);
    else if ("task" in entry) this.#applyTask(entry.of, entry.task, entry.v);
    else this.#applyProgress(entry.of, entry.progress, entry.v);
  }

  #applyPool(key: string, record: PoolRecord | null): void {
    const existing = this.pools.get(key);
    if (record === null) this.pools.delete(key);
    else if (existing === undefined) this.addPool(record);
    else existing.record = record;
  }

  #applyNode(poolKey: string, key: string, record: NodeRecord | null): void {
    const pool = this.pools.get(poolKey);
    if (pool === undefined) return;
    if (record === null) pool.nodes.delete(key);
    else this.addNode(pool, record);
  }

  #applyJob(key: string, record: JobRecord | null): void {
    const existing = this.jobs.get(key);
    if (existing !== undefined) this.jobsOfPool(existing.record.spec.poolInfo.poolId).delete(existing);
    if (record === null) {
      this.jobs.delete(key);
    } else if (existing === undefined) {
      this.addJob(record);
    } else {
      existing.record = record;
      this.#index(existing);
    }
  }

  #applyTask(jobKey: string, key: string, record: TaskRecord | null): void {
    const job = this.jobs.get(jobKey);
    if (job === undefined) return;
    const existing = job.tasks.get(key);
    if (existing !== undefined) countTask(existing, -1);
    if (record === null) job.tasks.delete(key);
    else this.addTask(job, record);
  }

  #applyProgress(jobKey: string, key: string, progress: TaskProgress): void {
    const task = this.jobs.get(jobKey)?.tasks.get(key);
    if (task === undefined) return;
    countTask(task, -1);
    task.record.progress = progress;
    countTask(task, 1);
  }
}

function countTask({ record, job }: Task, by: 1 | -1): void {
  const { state, execution } = record.progress;
  const outcome = state !== "completed" ? undefined : execution.result === "success" ? "succeeded" : "failed";
  for (const [counts, amount] of [
    [job.counts, by],
    [job.slotCounts, by * record.spec.requiredSlots],
  ] as const satisfies readonly (readonly [TaskCounts, number])[]) {
    counts[state] += amount;
    if (outcome !== undefined) counts[outcome] += amount;
  }
}
