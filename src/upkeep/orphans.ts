import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import { OrchestrationRuntimeStatus } from "durable-functions";
import { startTelling } from "../activities/startTelling.ts";
import type { ConversionEnd } from "../model/conversionLog.ts";
import { measuresOf } from "../model/conversionLog.ts";
import { failureOf } from "../model/failures.ts";
import { addSeconds, parseTime, secondsBetween } from "../model/time.ts";
import { CONVERT_BLOB, contentsOf } from "../orchestrations/contract.ts";
import { isRecorded, readRecord } from "../results/recorded.ts";
import type { Services } from "../services.ts";
import { WORKLOADS } from "../workloads/index.ts";
import { endTasks } from "./endTasks.ts";
import { findInstance, inTime } from "../durableClient.ts";
import { leaveNote, readNote } from "./note.ts";
import { isLeftBehind, wasTerminated } from "./runtimeStates.ts";
import { recordCancelled } from "./cancelling.ts";
import { handOver } from "./handover.ts";
import { tryEach } from "./tryEach.ts";

interface SettledOrphans {
  /** The conversions that were recorded as cancelled just now. */
  readonly ended: readonly ConversionEnd[];
  /** Ids of the conversions that another version of the app had begun, and that go on with this one. */
  readonly handedOver: readonly string[];
  /** Why some could not be settled; the next sweep tries again. */
  readonly problems: readonly string[];
}

/** What one run leaves for the next. All times in ISO 8601. */
interface Progress {
  /** What was terminated before is settled, and need not be looked at again. */
  readonly settledUntil: string;
  /** Durable is left alone until then. */
  readonly askAgainAt: string;
}

const PROGRESS_BLOB = "terminations.json";
const FROM_THE_START: Progress = { settledUntil: new Date(0).toISOString(), askAgainAt: new Date(0).toISOString() };

/** The sweep proper comes after, and both have to stay below the time limit of a function. */
const BUDGET_SECONDS = 60;
const LISTING_BOUND_SECONDS = 30;
const AT_ONCE = 16;
/** For so long after the termination an activity that was running may still add a task, so a second look is due. */
const SETTLING_SECONDS = 1800;
/**
 * Durable looks through all histories to find the terminated ones, whatever the question. Where that takes whole seconds,
 * it has this many times as long a rest: one part in 20 of the time at most.
 */
const REST_FACTOR = 20;

/**
 * Sees to conversions whose orchestration was ended from outside. One that an operator terminated has its tasks ended, and
 * is recorded as cancelled. One that an upgrade of the app has ended goes on. It asks Durable for such instances, because
 * their blobs may be replaced or deleted, and their records may be those of an earlier run.
 *
 * Each terminated one is looked at by the sweeps of half an hour, the oldest first, and then no more. Throws if Durable does
 * not list them in time.
 */
export async function settleOrphans(services: Services, client: DurableClient): Promise<SettledOrphans> {
  const { now } = services;
  const began = now();
  const note = await readNote(services, PROGRESS_BLOB, parseProgress);
  const { settledUntil, askAgainAt } = note.content ?? FROM_THE_START;
  if (began < parseTime(askAgainAt)) return { ended: [], handedOver: [], problems: [] };
  const listed = await listOrphans(client).catch(async (error: unknown) => {
    await leaveNote(services, PROGRESS_BLOB, note, { settledUntil, askAgainAt: afterRest(began, now()) });
    throw error;
  });
  const rested = afterRest(began, now());
  const isDue = (one: Listed): boolean => one.wasLeftBehind || one.endedAt >= parseTime(settledUntil);
  const due = listed.filter(isDue);
  const settled = await settleAll(services, client, due, addSeconds(began, BUDGET_SECONDS));
  const { unsettledFrom, ...result } = settled;
  if (due.length > 0 || parseTime(rested) > now()) {
    const horizon = addSeconds(began, -SETTLING_SECONDS);
    const until = unsettledFrom !== undefined && unsettledFrom < horizon ? unsettledFrom : horizon;
    await leaveNote(services, PROGRESS_BLOB, note, { settledUntil: until.toISOString(), askAgainAt: rested });
  }
  return result;
}

/** Undefined if it is not one. */
function parseProgress(value: unknown): Progress | undefined {
  const { settledUntil, askAgainAt } = (value ?? {}) as Record<keyof Progress, unknown>;
  if (typeof settledUntil !== "string" || typeof askAgainAt !== "string") return undefined;
  const areTimes = [settledUntil, askAgainAt].every((time) => !Number.isNaN(Date.parse(time)));
  return areTimes ? { settledUntil, askAgainAt } : undefined;
}

function afterRest(began: Date, answered: Date): string {
  return addSeconds(answered, REST_FACTOR * Math.floor(secondsBetween(began, answered))).toISOString();
}

interface Listed {
  readonly id: string;
  readonly endedAt: Date;
  readonly wasLeftBehind: boolean;
}

/** The one that has ended first comes first. */
async function listOrphans(client: DurableClient): Promise<Listed[]> {
  const { Canceled, Failed, Terminated } = OrchestrationRuntimeStatus;
  const listing = client.getStatusBy({ runtimeStatus: [Terminated, Canceled, Failed] });
  const found = await inTime("listed the terminated conversions", LISTING_BOUND_SECONDS * 1000, listing);
  return found
    .filter((instance) => instance.name === CONVERT_BLOB && (wasTerminated(instance) || isLeftBehind(instance)))
    .map((instance) => ({
      id: instance.instanceId,
      endedAt: new Date(instance.lastUpdatedTime),
      wasLeftBehind: isLeftBehind(instance),
    }))
    .sort((one, other) => one.endedAt.getTime() - other.endedAt.getTime());
}

interface Settled extends SettledOrphans {
  /** When the first terminated one ended that could not be settled. */
  readonly unsettledFrom: Date | undefined;
}

async function settleAll(
  services: Services,
  client: DurableClient,
  due: readonly Listed[],
  deadline: Date,
): Promise<Settled> {
  const ended: ConversionEnd[] = [];
  const handedOver: string[] = [];
  const problems: string[] = [];
  let unsettledFrom: Date | undefined;
  for (let start = 0; start < due.length; start += AT_ONCE) {
    const some = due.slice(start, start + AT_ONCE);
    if (services.now() > deadline) {
      problems.push(`${due.length - start} terminated conversions: time ran out`);
      unsettledFrom ??= some[0]?.endedAt;
      break;
    }
    const settled = await tryEach(some, nameOf, ({ id }) => settleOne(services, client, id));
    for (const result of settled.results) {
      if (typeof result === "string") handedOver.push(result);
      else if (result !== undefined) ended.push(result);
    }
    problems.push(...settled.problems);
    if (settled.problems.length > 0) unsettledFrom ??= some[0]?.endedAt;
  }
  return { ended, handedOver, problems, unsettledFrom };
}

function nameOf({ id, wasLeftBehind }: Listed): string {
  return `${wasLeftBehind ? "conversion that an upgrade has ended," : "terminated conversion"} ${id}`;
}

/** Its id if it was handed over; undefined if there was nothing to record. */
async function settleOne(
  services: Services,
  client: DurableClient,
  id: string,
): Promise<ConversionEnd | string | undefined> {
  const instance = await findInstance(client, id);
  // Since it was listed, somebody may have run it again.
  if (instance === undefined || !(wasTerminated(instance) || isLeftBehind(instance))) return undefined;
  const { input, attempt } = contentsOf(instance);
  const isWorkloadKnown = WORKLOADS.some(({ name }) => name === input.workload);
  if (isLeftBehind(instance)) {
    await handOver(services, client, instance);
    return id;
  }
  const of = { conversionId: id, workload: input.workload, source: input.source, attempt };
  const isRecent = secondsBetween(instance.lastUpdatedTime, services.now()) < SETTLING_SECONDS;
  if (!isRecent && !isWorkloadKnown) return undefined;
  if (!isRecent && (await isRecorded(services, of))) {
    // It may have been terminated after its end was recorded, and before anybody was told.
    const record = await readRecord(services, of);
    if (record !== undefined) await startTelling(services, client, { record });
    return undefined;
  }
  await endTasks(services, instance);
  // Without its workload, nobody can say any more what its record would be called.
  return isWorkloadKnown ? recordTermination(services, client, instance) : undefined;
}

/** Comes after the end of the tasks: the record says that there is nothing left to do. */
async function recordTermination(
  services: Services,
  client: DurableClient,
  instance: DurableOrchestrationStatus,
): Promise<ConversionEnd | undefined> {
  const { instanceId: conversionId, createdTime } = instance;
  const { input, attempt } = contentsOf(instance);
  const { workload, source, firstAttempt = 1 } = input;
  const message = "Somebody terminated the orchestration";
  const recorded = await recordCancelled(services, instance, attempt, message);
  if (recorded.status !== "recorded") return undefined;
  await startTelling(services, client, { record: recorded.record });
  if (!recorded.isNew) return undefined;
  const seconds = secondsBetween(createdTime, services.now());
  const { status: outcome, output } = recorded.record;
  const start = { conversionId, workload, name: source.name, firstAttempt, measures: measuresOf(recorded.record) };
  if (output !== null) return { ...start, outcome, result: output.name, seconds, failure: null };
  return { ...start, outcome, result: null, seconds, failure: failureOf("Cancelled", message) };
}
