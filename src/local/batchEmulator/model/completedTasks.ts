import type { Archive, Relocate } from "../../kit/archive.ts";
import { checksumOf } from "../../kit/checksum.ts";
import { isArchived, keyOf } from "./entities.ts";
import type { Job, Task } from "./entities.ts";
import type { ArchivedTask, TaskEnd, TaskRecord } from "./records.ts";

interface NewlyArchived {
  readonly job: Job;
  readonly key: string;
  readonly task: ArchivedTask;
}

/** Tasks that have completed, on their way into the archive and in it. */
export class CompletedTasks {
  readonly #archive: Archive;
  /** Not yet archived. */
  readonly #waiting = new Set<Task>();

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  add(task: Task, end: TaskEnd): void {
    task.end = end;
    this.#waiting.add(task);
  }

  isWaiting(task: Task): boolean {
    return this.#waiting.has(task);
  }

  /**
   * Archives what has been completed since the last time, unless it has been deleted or is active again. It counts only
   * once the journal says where it is.
   */
  archiveWaiting(jobs: ReadonlyMap<string, Job>): NewlyArchived[] {
    const archived: NewlyArchived[] = [];
    for (const task of this.#waiting) {
      const { job, record, end } = task;
      const key = keyOf(record.id);
      const isThere = jobs.get(keyOf(job.record.id)) === job && job.tasks.get(key) === task;
      if (end === undefined || !isThere) continue;
      const { requiredSlots } = record.spec;
      const { result = "failure" } = record.progress.execution;
      const json = JSON.stringify(record);
      const checksum = checksumOf(json);
      const place = this.#archive.appendJson(archiveKey(job, key), json);
      archived.push({ job, key, task: { seq: record.seq, requiredSlots, result, ...end, checksum, place } });
    }
    this.#waiting.clear();
    return archived;
  }

  /** Throws a `UserError` if the record is not the one that was archived. */
  read(job: Job, key: string, { place, checksum, satisfies, filesUntilMs }: ArchivedTask): Task {
    const record = this.#archive.read(archiveKey(job, key), place, (_body, json) => {
      if (checksumOf(json) !== checksum) throw new Error("The checksum is another one");
    }) as TaskRecord;
    return { record, job, end: { satisfies, ...(filesUntilMs !== undefined && { filesUntilMs }) } };
  }

  /** Gives back the place of one that is archived. */
  release(task: Task | ArchivedTask): void {
    if (isArchived(task)) this.#archive.release(task.place);
  }

  relocate(jobs: Iterable<Job>, move: Parameters<Relocate>[0]): void {
    for (const job of jobs) {
      for (const [key, task] of job.tasks) {
        if (!isArchived(task)) continue;
        const place = move(archiveKey(job, key), task.place);
        if (place !== task.place) job.tasks.set(key, { ...task, place });
      }
    }
  }
}

function archiveKey(job: Job, taskKey: string): string {
  return `${keyOf(job.record.id)}/${taskKey}`;
}
