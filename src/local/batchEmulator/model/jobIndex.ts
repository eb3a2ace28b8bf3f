import { keyOf, poolIdOf } from "./entities.ts";
import type { Job } from "./entities.ts";
import { partsOfJobId } from "./jobIds.ts";

/** Finds the jobs of a pool and those of a job schedule. What has no jobs takes no space. */
export class JobIndex {
  readonly #byPool = new Map<string, Set<Job>>();
  readonly #bySchedule = new Map<string, Set<Job>>();

  /** Whether or not there is such a pool. */
  ofPool(poolId: string): ReadonlySet<Job> {
    return this.#byPool.get(keyOf(poolId)) ?? NO_JOBS;
  }

  /** In the order in which they were created. */
  ofSchedule(scheduleId: string): ReadonlySet<Job> {
    return this.#bySchedule.get(keyOf(scheduleId)) ?? NO_JOBS;
  }

  add(job: Job): void {
    put(this.#byPool, poolIdOf(job), job);
    const scheduleId = scheduleIdOf(job);
    if (scheduleId !== undefined) put(this.#bySchedule, scheduleId, job);
  }

  remove(job: Job): void {
    take(this.#byPool, poolIdOf(job), job);
    const scheduleId = scheduleIdOf(job);
    if (scheduleId !== undefined) take(this.#bySchedule, scheduleId, job);
  }

  /** For changes that may give the job another pool. */
  move(job: Job, change: () => void): void {
    take(this.#byPool, poolIdOf(job), job);
    change();
    put(this.#byPool, poolIdOf(job), job);
  }
}

const NO_JOBS: ReadonlySet<Job> = new Set();

function scheduleIdOf({ record }: Job): string | undefined {
  return partsOfJobId(record.id).scheduleId;
}

function put(jobsById: Map<string, Set<Job>>, id: string, job: Job): void {
  const key = keyOf(id);
  const jobs = jobsById.get(key) ?? new Set();
  jobsById.set(key, jobs.add(job));
}

function take(jobsById: Map<string, Set<Job>>, id: string, job: Job): void {
  const key = keyOf(id);
  const jobs = jobsById.get(key);
  jobs?.delete(job);
  if (jobs?.size === 0) jobsById.delete(key);
}
