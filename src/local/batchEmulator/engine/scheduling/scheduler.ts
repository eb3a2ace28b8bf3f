import { keyOf, slotsInUse } from "../../model/entities.ts";
import type { Job, Node, Pool, Task } from "../../model/entities.ts";
import { shuffled } from "../../random.ts";
import type { Engine } from "../engine.ts";
import { managerSpecOf, waitingManager } from "../job/jobManager.ts";
import { prepareNode } from "../job/preparation.ts";
import { acceptsTasks } from "../node/nodeStates.ts";
import { startRun } from "../task/taskRun.ts";
import { chooseNode, isReserved, mayFindPlace } from "./placement.ts";
import { makeRoomFor } from "./preemption.ts";

/** The service promises no order within a job: chance decides among this many of those that have waited longest. */
const CANDIDATES = 4;

/** Gives free slots to waiting tasks, once at the end of this turn however often it is asked to. */
export function schedule(engine: Engine, poolId: string): void {
  const key = keyOf(poolId);
  engine.atEndOfTurn(key, () => {
    const pool = engine.store.pools.get(key);
    if (pool !== undefined && pool.record.state === "active" && !engine.isStopped) assignTasks(engine, pool);
  });
}

function assignTasks(engine: Engine, pool: Pool): void {
  const slotsPerNode = pool.record.spec.taskSlotsPerNode;
  const free = new Map<Node, number>();
  for (const node of pool.nodes.values()) {
    const slots = acceptsTasks(node) && !isReserved(node) ? slotsPerNode - slotsInUse(node) : 0;
    if (slots > 0) free.set(node, slots);
  }
  for (const job of inOrder(engine, pool)) {
    // A manager comes first; the other tasks of its job let it pass, if it can pass at all.
    // Once a task has found no place, only smaller ones are considered: most of a long queue never is.
    let tooLarge = Number.POSITIVE_INFINITY;
    const manager = waitingManager(job);
    let isManagerNext = manager !== undefined;
    while (mayRunMore(job) && free.size > 0 && tooLarge > 1) {
      const task = isManagerNext ? manager : pick(engine, job, tooLarge, manager);
      if (task === undefined) break;
      const { requiredSlots } = task.record.spec;
      const node = chooseNode(pool, free, task);
      if (node === undefined) {
        if (isManagerNext && mayFindPlace(pool, task)) break;
        if (!isManagerNext) tooLarge = requiredSlots;
        isManagerNext = false;
        continue;
      }
      const isExclusive = managerSpecOf(task)?.runExclusive === true;
      const left = (free.get(node) ?? 0) - requiredSlots;
      if (left > 0 && !isExclusive) free.set(node, left);
      else free.delete(node);
      isManagerNext = false;
      startRun(engine, task, node, { isExclusive, isPreparing: prepareNode(engine, job, node) });
    }
    if (mayRunMore(job) && job.ready.size > 0) makeRoomFor(engine, pool, job);
  }
}

function mayRunMore(job: Job): boolean {
  const { state, spec } = job.record;
  return state === "active" && (spec.maxParallelTasks === -1 || job.runs.size < spec.maxParallelTasks);
}

/** By priority. Between jobs of the same priority chance decides, or their age if the pool says so. */
function inOrder(engine: Engine, pool: Pool): Job[] {
  const waiting = [...engine.store.jobIndex.ofPool(pool.record.id)].filter((job) => job.ready.size > 0);
  const isByAge = pool.record.spec.taskSchedulingPolicy.jobDefaultOrder === "creationtime";
  const equals = isByAge ? waiting.sort((a, b) => a.record.seq - b.record.seq) : shuffled(waiting, engine.random);
  return equals.sort((a, b) => b.record.spec.priority - a.record.spec.priority);
}

function pick(engine: Engine, job: Job, tooLarge: number, except: Task | undefined): Task | undefined {
  const candidates: Task[] = [];
  for (const task of job.ready) {
    if (task !== except && task.record.spec.requiredSlots < tooLarge) candidates.push(task);
    if (candidates.length === CANDIDATES) break;
  }
  return candidates[Math.floor(engine.random.number() * candidates.length)];
}
