import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import { OrchestrationRuntimeStatus } from "durable-functions";
import { recordFailure } from "../activities/recordFailure.ts";
import type { ConversionEnd } from "../model/conversionLog.ts";
import { failureOf } from "../model/failures.ts";
import { addSeconds, secondsBetween } from "../model/time.ts";
import { contentsOf } from "../orchestrations/contract.ts";
import { isRecorded } from "../results/recorded.ts";
import type { Services } from "../services.ts";
import { WORKLOADS } from "../workloads/index.ts";
import { endTasks } from "./endTasks.ts";
import { longestRunSeconds } from "./longestRun.ts";
import { wasTerminated } from "./runtimeStates.ts";
import { findInstance } from "./starting.ts";
import { tryEach } from "./tryEach.ts";

interface SettledTerminations {
  /** The conversions that were recorded as cancelled just now. */
  readonly ended: readonly ConversionEnd[];
  /** Why some could not be settled; the next sweep tries again. */
  readonly problems: readonly string[];
}

/** The sweep proper comes after, and both have to stay below the time limit of a function. */
const BUDGET_SECONDS = 60;
const AT_ONCE = 16;
/** For so long after the termination an activity that was running may still add a task, so a second look is due. */
const SETTLING_SECONDS = 1800;

/**
 * Does what an orchestration that an operator terminated can no longer do: ends its tasks, and records the conversion
 * as cancelled. It asks Durable for such instances, because their blobs may be replaced or deleted, and their records
 * may be those of an earlier run.
 */
export async function settleTerminations(services: Services, client: DurableClient): Promise<SettledTerminations> {
  const deadline = addSeconds(services.now(), BUDGET_SECONDS);
  const ended: ConversionEnd[] = [];
  const problems: string[] = [];
  const ids = await terminatedIds(services, client);
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    if (services.now() > deadline) {
      problems.push(`${ids.length - start} terminated conversions: time ran out`);
      break;
    }
    const some = ids.slice(start, start + AT_ONCE);
    const settled = await tryEach(some, nameOf, (id) => settleOne(services, client, id));
    ended.push(...settled.results.filter((end) => end !== undefined));
    problems.push(...settled.problems);
  }
  return { ended, problems };
}

function nameOf(id: string): string {
  return `terminated conversion ${id}`;
}

async function terminatedIds({ config, now }: Services, client: DurableClient): Promise<string[]> {
  const { Canceled, Terminated } = OrchestrationRuntimeStatus;
  const listed = await client.getStatusBy({
    createdTimeFrom: addSeconds(now(), -longestRunSeconds(config)),
    runtimeStatus: [Terminated, Canceled],
  });
  return listed.map(({ instanceId }) => instanceId);
}

/** Undefined if there was nothing to record. */
async function settleOne(services: Services, client: DurableClient, id: string): Promise<ConversionEnd | undefined> {
  const instance = await findInstance(client, id);
  // Since it was listed, somebody may have run it again.
  if (instance === undefined || !wasTerminated(instance)) return undefined;
  const { input, attempt } = contentsOf(instance);
  const isWorkloadKnown = WORKLOADS.some(({ name }) => name === input.workload);
  const of = { conversionId: id, workload: input.workload, source: input.source, attempt };
  const isRecent = secondsBetween(instance.lastUpdatedTime, services.now()) < SETTLING_SECONDS;
  if (!isRecent && (!isWorkloadKnown || (await isRecorded(services, of)))) return undefined;
  await endTasks(services, instance);
  // Without its workload, nobody can say any more what its record would be called.
  return isWorkloadKnown ? recordTermination(services, instance) : undefined;
}

/** Comes after the end of the tasks: the record says that there is nothing left to do. */
async function recordTermination(
  services: Services,
  instance: DurableOrchestrationStatus,
): Promise<ConversionEnd | undefined> {
  const { instanceId: conversionId, createdTime } = instance;
  const { input, attempt, progress } = contentsOf(instance);
  const { workload, source, firstAttempt = 1 } = input;
  const startedAt = input.startedAt ?? createdTime.toISOString();
  const failure = failureOf("Cancelled", "Somebody terminated the orchestration");
  const submission = progress?.submission ?? null;
  const facts = { conversionId, workload, source, attempt, startedAt, submission, completed: null, failure };
  const recorded = await recordFailure(services, facts);
  if (recorded.status !== "recorded" || !recorded.isNew) return undefined;
  const seconds = secondsBetween(createdTime, services.now());
  const { status: outcome, output } = recorded.record;
  const start = { conversionId, workload, name: source.name, firstAttempt };
  if (output !== null) return { ...start, outcome, result: output.name, seconds, failure: null };
  return { ...start, outcome, result: null, seconds, failure };
}
