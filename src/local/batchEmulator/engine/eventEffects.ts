import { keyOf, poolIdOf } from "../model/entities.ts";
import { createEngine } from "./engine.ts";
import type { Engine, EngineParts } from "./engine.ts";
import type { EngineEvent } from "./events.ts";
import {
  continueEnding,
  continueEndingsOn,
  followExitActions,
  followManager,
  terminateWhenAllComplete,
} from "./job/jobEndings.ts";
import { interruptJobTasks } from "./job/preparation.ts";
import { continueScheduleOf } from "./jobSchedule/jobScheduleRuns.ts";
import { continueWhenDrained } from "./node/draining.ts";
import { loseNodeByFault } from "./node/nodeLoss.ts";
import { refreshUsableNode } from "./node/nodeStates.ts";
import { endAutoPool, makeAutoPool } from "./pool/autoPools.ts";
import { onNodeLeft } from "./pool/resizing.ts";
import { schedule } from "./scheduling/scheduler.ts";
import { releaseDependents } from "./task/dependencies.ts";

/*
 * Tasks, nodes, jobs, pools and job schedules each have a folder of transitions. A transition changes the model and,
 * where that concerns others, ends with `engine.emit(event)`; it never calls the code of a folder above its own.
 *
 *   request, timer, end of a process
 *      └─> transition: changes the model, emits an event
 *             └─> this file: calls the transitions that follow from it
 *
 * Effects happen before `emit` returns and in the order written here, so one seed gives one course of events. The only
 * one that waits is scheduling: however often it is asked for, a pool hands out tasks once, at the end of the turn.
 */
export function startEngine(parts: EngineParts): Engine {
  return createEngine(parts, haveEffects);
}

function haveEffects(engine: Engine, event: EngineEvent): void {
  switch (event.kind) {
    case "jobAdded":
      return makeAutoPool(engine, event.job);

    case "jobEnded":
      endAutoPool(engine, event.job);
      return continueScheduleOf(engine, event.job);

    case "tasksWaiting":
      return schedule(engine, poolIdOf(event.job));

    case "runStarted":
      refreshUsableNode(engine, event.run.node);
      return loseNodeByFault(engine, event.run.node);

    case "taskCompleted": {
      const { task, actions } = event;
      if (actions.dependencyAction === "satisfy" && task.job.record.spec.usesTaskDependencies) {
        releaseDependents(task.job, keyOf(task.record.id));
        schedule(engine, poolIdOf(task.job));
      }
      followExitActions(engine, task.job, actions);
      followManager(engine, task);
      return terminateWhenAllComplete(engine, task.job);
    }

    case "taskDeleted":
      return terminateWhenAllComplete(engine, event.task.job);

    case "runEnded": {
      const { task, node } = event.run;
      refreshUsableNode(engine, node);
      continueWhenDrained(node);
      if (task.job.runs.size === 0) continueEnding(engine, task.job);
      return schedule(engine, node.pool.record.id);
    }

    case "jobTaskEnded":
      continueEnding(engine, event.job);
      return schedule(engine, event.node.pool.record.id);

    case "nodeStopped":
      interruptJobTasks(engine, event.node, event.isDiskLost);
      return continueEndingsOn(engine, event.node);

    case "nodeUnfit":
      return continueEndingsOn(engine, event.node);

    case "nodeReady":
      continueEndingsOn(engine, event.node);
      return schedule(engine, event.node.pool.record.id);

    case "nodeLeft":
      return onNodeLeft(engine, event.pool);

    case "resizeEnded":
      return schedule(engine, event.pool.record.id);
  }
}
