import { keyOf } from "../../model/entities.ts";
import type { Job, Task } from "../../model/entities.ts";

interface Waiting {
  /** Ids and ranges that are still open. */
  open: number;
}

interface RangeWait {
  readonly task: Task;
  readonly start: number;
  readonly end: number;
  left: number;
}

/** Who waits for whom in one job. Derived from the tasks: rebuilt after a restart, never kept. */
interface Dependencies {
  readonly waiting: Map<Task, Waiting>;
  readonly byId: Map<string, Set<Task>>;
  readonly ranges: Set<RangeWait>;
  readonly satisfiedIds: Set<string>;
  readonly satisfiedNumbers: Set<number>;
}

const dependenciesOfJob = new WeakMap<Job, Dependencies>();

/** Makes an active task ready, now or once everything it depends on is satisfied. */
export function awaitDependencies(task: Task): void {
  const { job } = task;
  const { dependsOn } = task.record.spec;
  if (dependsOn === undefined) {
    job.ready.add(task);
    return;
  }
  const dependencies = dependenciesOf(job);
  const waiting: Waiting = { open: 0 };
  for (const id of new Set((dependsOn.taskIds ?? []).map(keyOf))) {
    if (dependencies.satisfiedIds.has(id)) continue;
    waiting.open++;
    const waiters = dependencies.byId.get(id) ?? new Set();
    dependencies.byId.set(id, waiters.add(task));
  }
  for (const { start, end } of dependsOn.taskIdRanges ?? []) {
    const left = end - start + 1 - countWithin(dependencies.satisfiedNumbers, start, end);
    if (left <= 0) continue;
    waiting.open++;
    dependencies.ranges.add({ task, start, end, left });
  }
  if (waiting.open > 0) dependencies.waiting.set(task, waiting);
  else job.ready.add(task);
}

/** Frees the tasks that depend on the one of this key from waiting for it; those that wait for nothing else become ready. */
export function releaseDependents(job: Job, id: string): void {
  const dependencies = dependenciesOf(job);
  if (dependencies.satisfiedIds.has(id)) return;
  dependencies.satisfiedIds.add(id);
  for (const waiter of dependencies.byId.get(id) ?? []) closeOne(job, dependencies, waiter);
  dependencies.byId.delete(id);

  // A range can only name ids that are plain decimal numbers.
  if (!/^(0|[1-9]\d*)$/.test(id)) return;
  const number = Number(id);
  dependencies.satisfiedNumbers.add(number);
  for (const range of dependencies.ranges) {
    if (number < range.start || number > range.end) continue;
    range.left--;
    if (range.left > 0) continue;
    dependencies.ranges.delete(range);
    closeOne(job, dependencies, range.task);
  }
}

export function forgetDependencies(task: Task): void {
  const dependencies = dependenciesOfJob.get(task.job);
  if (dependencies === undefined) return;
  const id = keyOf(task.record.id);
  dependencies.satisfiedIds.delete(id);
  dependencies.satisfiedNumbers.delete(Number(id));
  dependencies.waiting.delete(task);
  for (const other of task.record.spec.dependsOn?.taskIds ?? []) dependencies.byId.get(keyOf(other))?.delete(task);
  for (const range of dependencies.ranges) if (range.task === task) dependencies.ranges.delete(range);
}

function closeOne(job: Job, dependencies: Dependencies, task: Task): void {
  const waiting = dependencies.waiting.get(task);
  if (waiting === undefined) return;
  waiting.open--;
  if (waiting.open > 0) return;
  dependencies.waiting.delete(task);
  if (task.record.progress.state === "active") job.ready.add(task);
}

function dependenciesOf(job: Job): Dependencies {
  let dependencies = dependenciesOfJob.get(job);
  if (dependencies === undefined) {
    dependencies = {
      waiting: new Map(),
      byId: new Map(),
      ranges: new Set(),
      satisfiedIds: new Set(),
      satisfiedNumbers: new Set(),
    };
    dependenciesOfJob.set(job, dependencies);
  }
  return dependencies;
}

function countWithin(numbers: ReadonlySet<number>, start: number, end: number): number {
  let found = 0;
  for (const number of numbers) if (number >= start && number <= end) found++;
  return found;
}
