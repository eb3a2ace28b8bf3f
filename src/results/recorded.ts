import type { Attempt, Conversion, ConversionRecord } from "../model/conversion.ts";
import type { Services } from "../services.ts";
import { workloadNamed } from "../workloads/index.ts";
import { resultNamesFor } from "../workloads/resultNames.ts";
import type { Target } from "./targets.ts";
import { attemptOf, findTarget, isOf } from "./targets.ts";

/** Whether there is a record, and it is about this version. */
export async function hasRecord(services: Services, conversion: Conversion): Promise<boolean> {
  return isOf(await findRecord(services, conversion), conversion.source.eTag);
}

/** Whether there is a record of this attempt, or of a later one. That of another version says nothing about it. */
export async function isRecorded(services: Services, attempt: Omit<Attempt, "startedAt">): Promise<boolean> {
  const recordedAttempt = attemptOf(await findRecord(services, attempt), attempt.conversionId) ?? 0;
  return recordedAttempt >= attempt.attempt;
}

/** The record of this attempt, or of a later one; undefined if there is none. */
export async function readRecord(
  services: Services,
  attempt: Omit<Attempt, "startedAt">,
): Promise<ConversionRecord | undefined> {
  if (!(await isRecorded(services, attempt))) return undefined;
  const { address } = await findRecord(services, attempt);
  const found = await services.blobs.readText(address);
  const record = found && (JSON.parse(found.text) as ConversionRecord);
  return record?.conversionId === attempt.conversionId ? record : undefined;
}

/** Looks at the place of the record. */
function findRecord(services: Services, { workload, source }: Conversion): Promise<Target> {
  const { record } = resultNamesFor(workloadNamed(workload), source.name);
  return findTarget(services, { container: services.config.containers.output, name: record });
}
