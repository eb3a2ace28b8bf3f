import { isArchived } from "./entities.ts";
import type { Job, JobSchedule, Pool } from "./entities.ts";
import type { JobIndex } from "./jobIndex.ts";
import type { Entry } from "./journalEntries.ts";
import type {
  ArchivedTask,
  JobNodeRecord,
  JobRecord,
  JobScheduleRecord,
  NodeRecord,
  PoolRecord,
  TaskProgress,
  TaskRecord,
} from "./records.ts";
import { count } from "./taskCounts.ts";

/** Of the store, what entries are made of and change. */
interface Contents {
  readonly pools: Map<string, Pool>;
  readonly jobSchedules: Map<string, JobSchedule>;
  readonly jobs: Map<string, Job>;
  readonly jobIndex: JobIndex;
  addPool(record: PoolRecord): unknown;
  addNode(pool: Pool, record: NodeRecord): unknown;
  addJobSchedule(record: JobScheduleRecord): unknown;
  addJob(record: JobRecord): unknown;
  addJobNode(job: Job, record: JobNodeRecord): unknown;
  addTask(job: Job, record: TaskRecord): unknown;
}

/** All that a new journal must hold: replayed in this order, it gives the same store. */
export function* entriesOf(store: Contents): Iterable<Entry> {
  for (const [key, pool] of store.pools) {
    yield { pool: key, v: pool.record };
    for (const [nodeKey, node] of pool.nodes) yield { node: nodeKey, of: key, v: node.record };
  }
  for (const [key, { record }] of store.jobSchedules) yield { jobSchedule: key, v: record };
  for (const [key, job] of store.jobs) {
    yield { job: key, v: job.record };
    for (const [nodeKey, jobNode] of job.nodes) yield { jobNode: nodeKey, of: key, v: jobNode.record };
    for (const [taskKey, task] of job.tasks) {
      if (isArchived(task)) yield { archived: taskKey, of: key, v: task };
      else yield { task: taskKey, of: key, v: task.record };
    }
  }
}

/** Does again what the entry says was done, while the journal is read. */
export function replay(store: Contents, entry: Entry): void {
  if ("pool" in entry) applyPool(store, entry.pool, entry.v);
  else if ("node" in entry) applyNode(store, entry.of, entry.node, entry.v);
  else if ("jobSchedule" in entry) applyJobSchedule(store, entry.jobSchedule, entry.v);
  else if ("job" in entry) applyJob(store, entry.job, entry.v);
  else if ("jobNode" in entry) applyJobNode(store, entry.of, entry.v);
  else if ("task" in entry) applyTask(store, entry.of, entry.task, entry.v);
  else if ("archived" in entry) applyArchived(store, entry.of, entry.archived, entry.v);
  else applyProgress(store, entry.of, entry.progress, entry.v);
}

function applyPool(store: Contents, key: string, record: PoolRecord | null): void {
  const existing = store.pools.get(key);
  if (record === null) store.pools.delete(key);
  else if (existing === undefined) store.addPool(record);
  else existing.record = record;
}

function applyNode(store: Contents, poolKey: string, key: string, record: NodeRecord | null): void {
  const pool = store.pools.get(poolKey);
  if (pool === undefined) return;
  if (record === null) pool.nodes.delete(key);
  else store.addNode(pool, record);
}

function applyJobSchedule(store: Contents, key: string, record: JobScheduleRecord | null): void {
  const existing = store.jobSchedules.get(key);
  if (record === null) store.jobSchedules.delete(key);
  else if (existing === undefined) store.addJobSchedule(record);
  else existing.record = record;
}

function applyJob(store: Contents, key: string, record: JobRecord | null): void {
  const existing = store.jobs.get(key);
  if (existing === undefined) {
    if (record !== null) store.addJob(record);
  } else if (record === null) {
    store.jobs.delete(key);
    store.jobIndex.remove(existing);
  } else {
    store.jobIndex.move(existing, () => {
      existing.record = record;
    });
  }
}

function applyJobNode(store: Contents, jobKey: string, record: JobNodeRecord): void {
  const job = store.jobs.get(jobKey);
  if (job !== undefined) store.addJobNode(job, record);
}

function applyTask(store: Contents, jobKey: string, key: string, record: TaskRecord | null): void {
  const job = store.jobs.get(jobKey);
  if (job === undefined) return;
  const existing = job.tasks.get(key);
  if (existing !== undefined) count(job, existing, -1);
  if (record === null) job.tasks.delete(key);
  else store.addTask(job, record);
}

function applyArchived(store: Contents, jobKey: string, key: string, task: ArchivedTask): void {
  const job = store.jobs.get(jobKey);
  if (job === undefined) return;
  const existing = job.tasks.get(key);
  if (existing !== undefined) count(job, existing, -1);
  job.tasks.set(key, task);
  count(job, task, 1);
}

function applyProgress(store: Contents, jobKey: string, key: string, progress: TaskProgress): void {
  const job = store.jobs.get(jobKey);
  const task = job?.tasks.get(key);
  if (job === undefined || task === undefined || isArchived(task)) return;
  count(job, task, -1);
  task.record.progress = progress;
  count(job, task, 1);
}
