import type { ConversionRecord } from "../model/conversion.ts";
import { ConflictError } from "../model/errors.ts";
import type { Services } from "../services.ts";
import { workloadNamed } from "../workloads/index.ts";
import { resultNamesFor } from "../workloads/resultNames.ts";
import { METADATA, attemptOf, findTarget } from "./targets.ts";

/**
 * Rewrites a record that is still the one of this end. A record that is gone, or that a newer version or a later attempt has
 * replaced, stays as it is. Throws a `ConflictError` when somebody changes it at the same moment.
 */
export async function noteInRecord(
  services: Services,
  { conversionId, workload, input, attempts, status }: ConversionRecord,
  change: (record: ConversionRecord) => ConversionRecord,
): Promise<void> {
  const { blobs, config } = services;
  const { record: name } = resultNamesFor(workloadNamed(workload), input.name);
  const { address, found, unchanged } = await findTarget(services, { container: config.containers.output, name });
  const target = { address, found, unchanged };
  if (found === undefined || attemptOf(target, conversionId) !== attempts) return;
  if (found.metadata[METADATA.status] !== status) return;
  const stored = await blobs.readText(address);
  if (stored?.eTag !== found.eTag) throw new ConflictError(`Somebody has just changed the record ${name}`);
  const changed = change(JSON.parse(stored.text) as ConversionRecord);
  await blobs.writeText(address, `${JSON.stringify(changed, null, 2)}\n`, {
    contentType: found.contentType,
    metadata: found.metadata,
    condition: unchanged,
  });
}
