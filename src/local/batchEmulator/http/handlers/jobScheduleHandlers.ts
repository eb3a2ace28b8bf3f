import {
  addJobSchedule,
  deleteJobSchedule,
  disableJobSchedule,
  enableJobSchedule,
  patchJobSchedule,
  terminateJobSchedule,
} from "../../engine/jobSchedule/jobScheduleCommands.ts";
import { pauseChanges, refuseWhenThrottled } from "../../engine/job/jobThrottle.ts";
import type { JobSchedule } from "../../model/entities.ts";
import {
  parseJobSchedulePatch,
  parseJobScheduleUpdate,
  parseNewJobSchedule,
} from "../../requestBodies/jobScheduleBodies.ts";
import { changeReply, entityReply, param } from "../call.ts";
import type { Call, Reply } from "../call.ts";
import { checkConditions, checkWrite } from "../conditionalHeaders.ts";
import { FIELDS } from "../fields.ts";
import { listReply, selectView, wantsStats } from "../listing.ts";
import { jobScheduleView } from "../views/jobScheduleView.ts";
import { jobView } from "../views/jobView.ts";
import { readForce } from "./jobHandlers.ts";

export function jobScheduleAdd(call: Call): Reply {
  const { record } = addJobSchedule(call.engine, parseNewJobSchedule(call.body));
  const url = `${call.baseUrl}/jobschedules/${record.id}`;
  return { ...changeReply(call, 201, record), headers: { Location: url }, dataServiceId: url };
}

export function jobScheduleGet(call: Call): Reply {
  const schedule = jobScheduleOf(call);
  checkConditions(call, schedule.record, "read");
  const view = jobScheduleView(call, schedule, wantsStats(call));
  return entityReply(call, "jobschedules", selectView(call, view, FIELDS.jobSchedule), schedule.record);
}

export function jobScheduleExists(call: Call): Reply {
  const { record } = jobScheduleOf(call);
  checkConditions(call, record, "read");
  return { status: 200, version: record };
}

export function jobScheduleList(call: Call): Reply {
  const withStats = wantsStats(call);
  return listReply(call, {
    items: call.engine.store.jobSchedules.values(),
    position: (schedule) => schedule.record.seq,
    view: (schedule) => jobScheduleView(call, schedule, withStats),
    fields: FIELDS.jobSchedule,
    kind: "jobschedules",
  });
}

export function jobListFromJobSchedule(call: Call): Reply {
  const withStats = wantsStats(call);
  return listReply(call, {
    items: call.engine.store.jobIndex.ofSchedule(jobScheduleOf(call).record.id),
    position: (job) => job.record.seq,
    view: (job) => jobView(call.baseUrl, job, withStats),
    fields: FIELDS.job,
    kind: "jobs",
  });
}

export function jobSchedulePatch(call: Call): Reply {
  return change(call, 200, (schedule) => patchJobSchedule(call.engine, schedule, parseJobSchedulePatch(call.body)));
}

export function jobScheduleUpdate(call: Call): Reply {
  return change(call, 200, (schedule) => patchJobSchedule(call.engine, schedule, parseJobScheduleUpdate(call.body)));
}

export function jobScheduleEnable(call: Call): Reply {
  return change(call, 204, (schedule) => enableJobSchedule(call.engine, schedule));
}

export function jobScheduleDisable(call: Call): Reply {
  return change(call, 204, (schedule) => disableJobSchedule(call.engine, schedule));
}

export function jobScheduleTerminate(call: Call): Reply {
  const isForced = readForce(call);
  return change(call, 202, (schedule) => terminateJobSchedule(call.engine, schedule, isForced));
}

export function jobScheduleDelete(call: Call): Reply {
  const isForced = readForce(call);
  const schedule = jobScheduleOf(call);
  checkWrite(call, schedule.record);
  deleteJobSchedule(call.engine, schedule, isForced);
  return { status: 202 };
}

function jobScheduleOf(call: Call): JobSchedule {
  return call.engine.store.requireJobSchedule(param(call, "schedule"));
}

function change(call: Call, status: number, act: (schedule: JobSchedule) => void): Reply {
  const schedule = jobScheduleOf(call);
  refuseWhenThrottled(call.engine, schedule);
  checkWrite(call, schedule.record);
  act(schedule);
  pauseChanges(call.engine, schedule);
  return changeReply(call, status, schedule.record);
}
