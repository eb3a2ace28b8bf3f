import { isArchived, keyOf } from "../../model/entities.ts";
import type { Job, Task } from "../../model/entities.ts";
import type { JobManagerSpec } from "../../requestBodies/jobTaskBodies.ts";
import type { Engine } from "../engine.ts";
import { addTask } from "../task/taskCommands.ts";

/** The manager is the first task of its job, and otherwise one like the others. */
export function addJobManager(engine: Engine, job: Job): void {
  const { jobManagerTask } = job.record.spec;
  if (jobManagerTask === undefined) return;
  const { runExclusive: _e, allowLowPriorityNode: _l, killJobOnCompletion: _k, ...spec } = jobManagerTask;
  addTask(engine, job, {
    ...spec,
    exitConditions: undefined,
    affinityInfo: undefined,
    dependsOn: undefined,
    multiInstanceSettings: undefined,
  });
}

/** What the job says of this task, if it is the job's manager. */
export function managerSpecOf({ record, job }: Task): JobManagerSpec | undefined {
  const { jobManagerTask: spec } = job.record.spec;
  return spec !== undefined && keyOf(spec.id) === keyOf(record.id) ? spec : undefined;
}

/** The manager of the job, while it waits for a node. */
export function waitingManager(job: Job): Task | undefined {
  const { jobManagerTask: spec } = job.record.spec;
  const task = spec && job.tasks.get(keyOf(spec.id));
  if (task === undefined || isArchived(task)) return undefined;
  return task.record.progress.state === "active" ? task : undefined;
}
