import type { ActiveRun, Job, Pool, Task } from "../../model/entities.ts";
import type { Engine } from "../engine.ts";
import { waitingManager } from "../job/jobManager.ts";
import { acceptsTasks } from "../node/nodeStates.ts";
import { endRun } from "../task/taskRun.ts";
import { mayFindPlace, wouldFitWithout } from "./placement.ts";

/**
 * Requeues one task of a job that allows it, to make room for a task of a job with a higher priority.
 * https://learn.microsoft.com/azure/batch/batch-pool-node-scheduling
 */
export function makeRoomFor(engine: Engine, pool: Pool, job: Job): void {
  const { priority } = job.record.spec;
  const victims = [...engine.store.jobIndex.ofPool(pool.record.id)]
    .filter(({ record }) => record.spec.allowTaskPreemption && record.spec.priority < priority)
    .sort((a, b) => a.record.spec.priority - b.record.spec.priority)
    .flatMap((victim) => [...victim.runs]);
  // Room is being made already.
  if (victims.length === 0 || victims.some((run) => run.ending === "dropped")) return;

  const manager = waitingManager(job);
  const task = manager !== undefined && mayFindPlace(pool, manager) ? manager : smallestOf(job, manager);
  // Nobody is sent away for a task that could not take the place.
  const isUseful = (run: ActiveRun): boolean => task !== undefined && wouldFitWithout(run, task);
  const run = victims.find((victim) => victim.ending === undefined && acceptsTasks(victim.node) && isUseful(victim));
  if (run !== undefined) endRun(run, "dropped");
}

function smallestOf(job: Job, except: Task | undefined): Task | undefined {
  let smallest: Task | undefined;
  for (const task of job.ready) {
    if (task === except) continue;
    if (smallest === undefined || task.record.spec.requiredSlots < smallest.record.spec.requiredSlots) smallest = task;
  }
  return smallest;
}
