import type { Attempt } from "../model/conversion.ts";
import type { Services } from "../services.ts";
import { resultNamesFor } from "../workloads/resultNames.ts";
import type { Workload } from "../workloads/workload.ts";
import { METADATA } from "./targets.ts";

/** Whether there is a record of this attempt, or of a later one. That of another version says nothing about it. */
export async function isRecorded(
  { blobs, config }: Services,
  workload: Workload,
  { conversionId, source, attempt }: Pick<Attempt, "conversionId" | "source" | "attempt">,
): Promise<boolean> {
  const name = resultNamesFor(workload, source.name).record;
  const record = await blobs.properties({ container: config.containers.output, name });
  const { [METADATA.conversionId]: recordedId, [METADATA.attempt]: attempts } = record?.metadata ?? {};
  return recordedId === conversionId && Number(attempts) >= attempt;
}
