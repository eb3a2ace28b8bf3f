import { countsTasksOnly, knowsForce } from "../../apiVersions.ts";
import { addJob, enableJob, patchJob, terminateJobByUser } from "../../engine/job/jobCommands.ts";
import { deleteJob, disableJob } from "../../engine/job/jobEndings.ts";
import { pauseChanges, refuseWhenThrottled } from "../../engine/job/jobThrottle.ts";
import type { Job } from "../../model/entities.ts";
import {
  parseDisableJob,
  parseJobPatch,
  parseJobUpdate,
  parseNewJob,
  parseTerminateJob,
} from "../../requestBodies/jobBodies.ts";
import { invalidQuery, ServiceError } from "../../serviceError.ts";
import { changeReply, entityReply, param } from "../call.ts";
import type { Call, Reply } from "../call.ts";
import { checkConditions, checkWrite } from "../conditionalHeaders.ts";
import { FIELDS } from "../fields.ts";
import { listReply, selectView, wantsStats } from "../listing.ts";
import { jobNodeView } from "../views/jobNodeView.ts";
import { jobView } from "../views/jobView.ts";

export function jobAdd(call: Call): Reply {
  const job = addJob(call.engine, parseNewJob(call.body));
  const { record } = job;
  pauseChanges(call.engine, job);
  // The service gives this address whatever the job's id.
  const url = `${call.baseUrl}/jobs/job-1`;
  return { ...changeReply(call, 201, record), headers: { Location: url }, dataServiceId: url };
}

export function jobGet(call: Call): Reply {
  const job = jobOf(call);
  checkConditions(call, job.record, "read");
  const view = jobView(call.baseUrl, job, wantsStats(call));
  return entityReply(call, "jobs", selectView(call, view, FIELDS.job), job.record);
}

export function jobList(call: Call): Reply {
  const withStats = wantsStats(call);
  return listReply(call, {
    items: call.engine.store.jobs.values(),
    position: (job) => job.record.seq,
    view: (job) => jobView(call.baseUrl, job, withStats),
    fields: FIELDS.job,
    kind: "jobs",
  });
}

export function jobPatch(call: Call): Reply {
  return change(call, 200, (job) => patchJob(call.engine, job, parseJobPatch(call.body)));
}

export function jobUpdate(call: Call): Reply {
  return change(call, 200, (job) => patchJob(call.engine, job, parseJobUpdate(call.body)));
}

export function jobTerminate(call: Call): Reply {
  const isForced = readForce(call);
  return change(call, 202, (job) => terminateJobByUser(call.engine, job, parseTerminateJob(call.body), isForced));
}

export function jobDisable(call: Call): Reply {
  return change(call, 202, (job) => disableJob(call.engine, job, parseDisableJob(call.body)));
}

export function jobEnable(call: Call): Reply {
  return change(call, 202, (job) => enableJob(call.engine, job));
}

export function jobDelete(call: Call): Reply {
  const isForced = readForce(call);
  const job = jobOf(call);
  checkWrite(call, job.record);
  deleteJob(call.engine, job, isForced);
  return { status: 202 };
}

export function jobTaskCounts(call: Call): Reply {
  const { counts, slotCounts } = jobOf(call);
  const view = countsTasksOnly(call.version) ? counts : { taskCounts: counts, taskSlotCounts: slotCounts };
  return entityReply(call, "taskcounts", view);
}

/** Every node that has run the preparation, even if it has left its pool. */
export function jobPreparationAndReleaseStatus(call: Call): Reply {
  const job = jobOf(call);
  if (job.record.spec.jobPreparationTask === undefined) {
    throw new ServiceError("JobPreparationTaskOrReleaseTaskNotSpecified");
  }
  return listReply(call, {
    items: job.nodes.values(),
    position: ({ record }) => record.seq,
    view: (jobNode) => jobNodeView(call.baseUrl, jobNode),
    fields: FIELDS.jobNode,
    kind: "jobpreparationandreleasetaskstatuslist",
  });
}

/** Whether the nodes are not to be waited for. */
export function readForce(call: Call): boolean {
  const force = call.query.get("force");
  if (force === undefined || !knowsForce(call.version)) return false;
  if (/^(true|false)$/i.test(force)) return force.toLowerCase() === "true";
  throw invalidQuery("force", force, "Must be true or false");
}

export function jobOf(call: Call): Job {
  return call.engine.store.requireJob(param(call, "job"));
}

function change(call: Call, status: number, act: (job: Job) => void): Reply {
  const job = jobOf(call);
  refuseWhenThrottled(call.engine, job);
  checkWrite(call, job.record);
  act(job);
  pauseChanges(call.engine, job);
  return changeReply(call, status, job.record);
}
