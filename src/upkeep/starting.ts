import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import { findInstance } from "../durableClient.ts";
import type { Conversion, VersionFacts } from "../model/conversion.ts";
import { MAX_ATTEMPTS } from "../model/failures.ts";
import { conversionIdOf } from "../model/identity.ts";
import { parseTime, secondsBetween } from "../model/time.ts";
import { contentsOf } from "../orchestrations/contract.ts";
import { restoreRecord } from "../results/carryOut.ts";
import { hasRecord } from "../results/recorded.ts";
import type { Services } from "../services.ts";
import { endTasks } from "./endTasks.ts";
import { handOver } from "./handover.ts";
import { patienceSecondsOf, startConversion } from "./instances.ts";
import { hasDied, isCompleted, isLeftBehind } from "./runtimeStates.ts";

/** What became of a conversion that should have been started. */
type Start = "alreadyKnown" | "alreadyRecorded" | "givenUp" | "handedOver" | "recordRestored" | "started";

/** Much less than `RETENTION_DAYS` may be, for which histories are kept, and more than clocks differ. */
const YOUNG_SECONDS = 600;

/** Whatever makes a conversion die again and again, another start will not cure it. */
const MAX_ATTEMPTS_IN_ALL = 3 * MAX_ATTEMPTS;

/**
 * Starts the conversion unless it is at work, superseded, terminated, or has its record. One whose orchestration died is
 * started again. The record of one that ended may be missing, because it was lost with the storage or somebody deleted it:
 * that of a failure is written again, and a success is converted again.
 *
 * Looking first is what makes a repeated event harmless, because starting an instance that has ended would run it
 * again. The record still tells when the instance has long been purged, and it is written before the instance ends. For a
 * version that was uploaded just now, no instance can have been purged; should somebody have done it by hand, the record is
 * found when the task has been added. `facts`: what is known of the version.
 */
export async function startOnce(
  services: Services,
  client: DurableClient,
  conversion: Conversion,
  facts?: VersionFacts,
): Promise<Start> {
  const id = conversionIdOf(conversion.workload, conversion.source);
  const instance = await findInstance(client, id);
  if (instance !== undefined && !shouldHaveRecord(instance)) return "alreadyKnown";
  if (instance !== undefined && isLeftBehind(instance)) {
    await handOver(services, client, instance);
    return "handedOver";
  }
  const isNew = instance === undefined && facts !== undefined && isYoung(services, facts);
  if (!isNew && (await hasRecord(services, conversion))) return "alreadyRecorded";
  if (instance !== undefined) return makeUpFor(services, client, conversion, instance);
  // Not the time of its first turn: turns may be late, and that of an older version later than that of a newer one.
  const startedAt = services.now().toISOString();
  const patienceSeconds = patienceSecondsOf(services);
  const input = { ...conversion, firstAttempt: 1, patienceSeconds, startedAt, ...(facts !== undefined && { facts }) };
  await startConversion(services, client, id, input);
  return "started";
}

function isYoung({ now }: Services, { lastModified }: VersionFacts): boolean {
  return secondsBetween(parseTime(lastModified), now()) < YOUNG_SECONDS;
}

/** A superseded conversion leaves none, and that of a terminated one is the business of `settleOrphans`. */
function shouldHaveRecord(instance: DurableOrchestrationStatus): boolean {
  if (isCompleted(instance)) return contentsOf(instance).result?.outcome !== "superseded";
  return hasDied(instance);
}

/** Does what a conversion needs that died, or whose record is missing. */
async function makeUpFor(
  services: Services,
  client: DurableClient,
  conversion: Conversion,
  instance: DurableOrchestrationStatus,
): Promise<Start> {
  const { source } = conversion;
  const { input, attempt, result } = contentsOf(instance);
  const hasEnded = isCompleted(instance);
  // Of a version that is gone, nobody has lost anything: its record went with the user, or with a newer one.
  if (hasEnded && (await services.blobs.properties(source))?.eTag !== source.eTag) return "alreadyKnown";
  const record = result?.record ?? null;
  if (hasEnded && record !== null && record.error !== null) {
    await restoreRecord(services, record);
    return "recordRestored";
  }
  if (attempt >= MAX_ATTEMPTS_IN_ALL || (hasEnded && input.isMadeUpFor)) return "givenUp";
  await endTasks(services, instance);
  const startedAt = input.startedAt ?? instance.createdTime.toISOString();
  const isMadeUpFor = hasEnded || input.isMadeUpFor === true;
  const patienceSeconds = patienceSecondsOf(services);
  const again = { ...conversion, firstAttempt: attempt + 1, patienceSeconds, startedAt, isMadeUpFor };
  await startConversion(services, client, instance.instanceId, again);
  return "started";
}
