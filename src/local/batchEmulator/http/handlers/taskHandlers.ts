import { refuseWhenEnding } from "../../engine/refusals.ts";
import { addTask, deleteTask, reactivateTask, terminateTask, updateTask } from "../../engine/task/taskCommands.ts";
import { isArchived, seqOf } from "../../model/entities.ts";
import type { Job, Task } from "../../model/entities.ts";
import { shuffled } from "../../random.ts";
import { parseNewTask, parseTaskCollection, parseTaskConstraints } from "../../requestBodies/taskBodies.ts";
import { ServiceError } from "../../serviceError.ts";
import { changeReply, entityReply, param } from "../call.ts";
import type { Call, Reply } from "../call.ts";
import { checkConditions, checkWrite } from "../conditionalHeaders.ts";
import { FIELDS } from "../fields.ts";
import { listReply, selectView, wantsStats } from "../listing.ts";
import { taskView } from "../views/taskView.ts";
import { jobOf } from "./jobHandlers.ts";

export function taskAdd(call: Call): Reply {
  const job = jobOf(call);
  refuseWhenEnding(job);
  const { record } = addTask(call.engine, job, parseNewTask(call.body, job.record.spec));
  const url = urlOf(call, job, record.id);
  return { ...changeReply(call, 201, record.progress), headers: { Location: url }, dataServiceId: url };
}

/** 200 even when no task could be added. As in the service, the results come in no particular order. */
export function taskAddCollection(call: Call): Reply {
  const job = jobOf(call);
  refuseWhenEnding(job);
  const bodies = parseTaskCollection(call.body);
  const value = shuffled(bodies, call.engine.random).map((body) => addOne(call, job, body));
  return { status: 200, body: { "odata.metadata": `${call.baseUrl}/$metadata#taskaddresult`, value } };
}

export function taskGet(call: Call): Reply {
  const task = taskOf(call);
  checkConditions(call, task.record.progress, "read");
  const view = taskView(call.baseUrl, task, wantsStats(call));
  return entityReply(call, "tasks", selectView(call, view, FIELDS.task), task.record.progress);
}

export function taskList(call: Call): Reply {
  const withStats = wantsStats(call);
  const job = jobOf(call);
  return listReply(call, {
    items: job.tasks,
    position: ([, task]) => seqOf(task),
    view: ([key]) => taskView(call.baseUrl, call.engine.store.requireTask(job, key), withStats),
    // Whoever asks for the tasks that wait must not wait for the records of all that have completed.
    outline: ([key, task]) => (isArchived(task) ? { id: key, state: "completed" } : undefined),
    fields: FIELDS.task,
    kind: "tasks",
  });
}

export function taskUpdate(call: Call): Reply {
  const { job } = taskOf(call);
  return change(call, 200, (task) => updateTask(call.engine, task, parseTaskConstraints(call.body, job.record.spec)));
}

export function taskTerminate(call: Call): Reply {
  return change(call, 204, (task) => terminateTask(call.engine, task));
}

export function taskReactivate(call: Call): Reply {
  return change(call, 204, (task) => reactivateTask(call.engine, task));
}

export function taskDelete(call: Call): Reply {
  const task = taskOf(call);
  checkWrite(call, task.record.progress);
  deleteTask(call.engine, task);
  return { status: 200 };
}

/** Only multi-instance tasks have any, and those are not implemented. */
export function taskListSubtasks(call: Call): Reply {
  taskOf(call);
  return { status: 200, body: { "odata.metadata": `${call.baseUrl}/$metadata#subtaskinformationlist`, value: [] } };
}

export function taskOf(call: Call): Task {
  return call.engine.store.requireTask(jobOf(call), param(call, "task"));
}

function change(call: Call, status: number, act: (task: Task) => void): Reply {
  const task = taskOf(call);
  checkWrite(call, task.record.progress);
  act(task);
  return changeReply(call, status, task.record.progress);
}

function addOne(call: Call, job: Job, body: unknown): object {
  const taskId = typeof body === "object" && body !== null && "id" in body ? String(body.id) : "";
  try {
    const { record } = addTask(call.engine, job, parseNewTask(body, job.record.spec));
    const { eTag, lastModified } = record.progress;
    return { status: "Success", taskId: record.id, eTag, lastModified, location: urlOf(call, job, record.id) };
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return {
      "error@odata.navigationLinkUrl": `${urlOf(call, job, taskId)}/error`,
      error: error.toBody(call.requestId, call.engine.now()),
      status: "ClientError",
      taskId,
    };
  }
}

function urlOf(call: Call, job: Job, taskId: string): string {
  return `${call.baseUrl}/jobs/${job.record.id}/tasks/${taskId}`;
}
