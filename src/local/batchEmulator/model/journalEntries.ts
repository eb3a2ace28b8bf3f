import * as v from "valibot";
import { parseDuration } from "../duration.ts";
import { newJob } from "../requestBodies/jobBodies.ts";
import { newJobSchedule } from "../requestBodies/jobScheduleBodies.ts";
import { NODE_DEALLOCATION_OPTIONS } from "../requestBodies/nodeBodies.ts";
import { newPool } from "../requestBodies/poolBodies.ts";
import { newTask } from "../requestBodies/taskBodies.ts";
import { keyOf } from "./entities.ts";
import type {
  ArchivedTask,
  JobNodeRecord,
  JobRecord,
  JobScheduleRecord,
  NodeRecord,
  PoolRecord,
  TaskProgress,
  TaskRecord,
} from "./records.ts";

export const FORMAT = { kind: "batch-emulator", version: 4, oldestVersion: 1 };

/** One line of the journal: the newest state of one thing, or null when it is gone. An archived task goes as a task. */
export type Entry =
  | { readonly pool: string; readonly v: PoolRecord | null }
  | { readonly node: string; readonly of: string; readonly v: NodeRecord | null }
  | { readonly jobSchedule: string; readonly v: JobScheduleRecord | null }
  | { readonly job: string; readonly v: JobRecord | null }
  | { readonly jobNode: string; readonly of: string; readonly v: JobNodeRecord }
  | { readonly task: string; readonly of: string; readonly v: TaskRecord | null }
  | { readonly progress: string; readonly of: string; readonly v: TaskProgress }
  | { readonly archived: string; readonly of: string; readonly v: ArchivedTask };

/**
 * A line as the store wrote it. Throws if it cannot have written that, so that damage is found at the start and not where
 * it first hurts. What a client has set is read as it was when it came: whoever makes that stricter raises the version of
 * the journal.
 */
export function readEntry(line: Entry): Entry {
  const kind = KINDS.find((name) => name in line);
  if (kind === undefined) throw new Error("An entry of no known kind");
  const { v: read } = v.parse(SCHEMAS[kind], line);
  if (read === null || !("id" in read)) return line;
  if ((line as unknown as Record<string, unknown>)[kind] !== keyOf(read.id)) throw new Error("An entry with two ids");
  return "spec" in read ? ({ ...line, v: { ...line.v, spec: read.spec } } as Entry) : line;
}

const KINDS = ["pool", "node", "jobSchedule", "job", "jobNode", "task", "progress", "archived"] as const;

const text = v.string();
const whole = v.pipe(v.number(), v.integer());
const count = v.pipe(whole, v.minValue(0));
const time = v.pipe(
  text,
  v.check((written) => !Number.isNaN(Date.parse(written)), "Not a time"),
);
const duration = v.pipe(
  text,
  v.check((written) => parseDuration(written) !== undefined, "Not a duration"),
);
const nameValues = v.optional(v.array(v.object({ name: text, value: text })));
const result = v.optional(v.picklist(["success", "failure"]));
const error = v.object({ code: text, message: text, values: nameValues });

const failureInfo = v.optional(
  v.object({ category: v.picklist(["UserError", "ServerError"]), code: text, message: text, details: nameValues }),
);

const nodeTaskInfo = v.object({
  state: v.picklist(["running", "completed"]),
  startTime: time,
  retryCount: count,
  lastRetryTime: v.optional(time),
  endTime: v.optional(time),
  exitCode: v.optional(whole),
  failureInfo,
  result,
});

const kept = { id: text, seq: count };
const versioned = { eTag: text, lastModified: time };

/** Earlier versions took any networks and disks. What could not be read is left out, or left as it is. */
const poolSpec = v.object({
  ...newPool.entries,
  networkConfiguration: v.fallback(newPool.entries.networkConfiguration, undefined),
  virtualMachineConfiguration: v.union([
    newPool.entries.virtualMachineConfiguration,
    v.looseObject({ imageReference: v.record(text, text), nodeAgentSKUId: text }),
  ]),
});

const pool = v.object({
  ...kept,
  ...versioned,
  creationTime: time,
  spec: poolSpec,
  state: v.picklist(["active", "deleting"]),
  stateTransitionTime: time,
  allocationState: v.picklist(["steady", "resizing", "stopping"]),
  allocationStateTransitionTime: time,
  targetDedicatedNodes: count,
  targetLowPriorityNodes: count,
  resizeTimeout: duration,
  nodeDeallocationOption: v.picklist(NODE_DEALLOCATION_OPTIONS),
  resizeErrors: v.array(error),
  enableAutoScale: v.boolean(),
  autoScaleFormula: v.optional(text),
  autoScaleEvaluationInterval: v.optional(duration),
  autoScaleRun: v.optional(v.object({ timestamp: time, results: v.optional(text), error: v.optional(error) })),
  lastAutoScaleEnableMs: v.optional(v.number()),
  wasReset: v.optional(v.boolean()),
});

const node = v.object({
  ...kept,
  poolId: text,
  isDedicated: v.boolean(),
  allocationTime: time,
  ipAddress: v.pipe(text, v.ipv4()),
  state: v.picklist([
    "creating",
    "starting",
    "waitingforstarttask",
    "starttaskfailed",
    "idle",
    "running",
    "offline",
    "rebooting",
    "reimaging",
    "leavingpool",
    "deallocating",
    "deallocated",
    "preempted",
    "unusable",
    "unknown",
  ]),
  stateTransitionTime: time,
  schedulingState: v.picklist(["enabled", "disabled"]),
  lastBootTime: v.optional(time),
  startTaskInfo: v.optional(nodeTaskInfo),
  errors: v.array(error),
  users: v.optional(v.array(v.object({ name: text, isAdmin: v.boolean(), expiryTime: time }))),
  totalTasksRun: count,
  totalTasksSucceeded: count,
  folder: v.pipe(text, v.minLength(1)),
});

const jobScheduleState = v.picklist(["active", "disabled", "terminating", "completed", "deleting"]);

const jobSchedule = v.object({
  ...kept,
  ...versioned,
  creationTime: time,
  spec: newJobSchedule,
  state: jobScheduleState,
  stateTransitionTime: time,
  previousState: v.optional(jobScheduleState),
  previousStateTransitionTime: v.optional(time),
  endTime: v.optional(time),
  isForced: v.optional(v.boolean()),
  jobCount: count,
  lastRunTime: v.optional(time),
  recentJobId: v.optional(text),
  autoPoolId: v.optional(text),
  retiredPoolId: v.optional(text),
});

const jobState = v.picklist(["active", "disabling", "disabled", "terminating", "completed", "deleting"]);

const job = v.object({
  ...kept,
  ...versioned,
  creationTime: time,
  // A schedule gives its jobs ids that no client could.
  spec: v.object({ ...newJob.entries, id: text }),
  state: jobState,
  stateTransitionTime: time,
  previousState: v.optional(jobState),
  previousStateTransitionTime: v.optional(time),
  startTime: time,
  endTime: v.optional(time),
  terminateReason: v.optional(text),
  isForced: v.optional(v.boolean()),
  autoPoolId: v.optional(text),
  schedulingError: failureInfo,
});

const jobNode = v.object({
  seq: count,
  poolId: text,
  nodeId: text,
  preparation: nodeTaskInfo,
  isOutdated: v.optional(v.boolean()),
  release: v.optional(nodeTaskInfo),
});

const taskState = v.picklist(["active", "preparing", "running", "completed"]);

const progress = v.object({
  ...versioned,
  state: taskState,
  stateTransitionTime: time,
  previousState: v.optional(taskState),
  previousStateTransitionTime: v.optional(time),
  execution: v.object({
    retryCount: count,
    requeueCount: count,
    startTime: v.optional(time),
    endTime: v.optional(time),
    exitCode: v.optional(whole),
    result,
    failureInfo,
    lastRetryTime: v.optional(time),
    lastRequeueTime: v.optional(time),
  }),
  node: v.optional(v.object({ poolId: text, nodeId: text })),
  filesCleanedUp: v.optional(v.boolean()),
});

/** When it was added, what the task left out came from its job. */
const taskSpec = v.object({
  ...newTask.entries,
  constraints: v.object({ maxWallClockTime: duration, retentionTime: duration, maxTaskRetryCount: whole }),
});

const task = v.object({ ...kept, creationTime: time, spec: taskSpec, progress });

const archived = v.object({
  seq: count,
  requiredSlots: count,
  result: v.picklist(["success", "failure"]),
  satisfies: v.boolean(),
  filesUntilMs: v.optional(v.number()),
  checksum: whole,
  place: v.object({ segment: count, offset: count, length: count }),
});

const SCHEMAS = {
  pool: v.strictObject({ pool: text, v: v.nullable(pool) }),
  node: v.strictObject({ node: text, of: text, v: v.nullable(node) }),
  jobSchedule: v.strictObject({ jobSchedule: text, v: v.nullable(jobSchedule) }),
  job: v.strictObject({ job: text, v: v.nullable(job) }),
  jobNode: v.strictObject({ jobNode: text, of: text, v: jobNode }),
  task: v.strictObject({ task: text, of: text, v: v.nullable(task) }),
  progress: v.strictObject({ progress: text, of: text, v: progress }),
  archived: v.strictObject({ archived: text, of: text, v: archived }),
} as const;
