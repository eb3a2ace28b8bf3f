import type { BlobServiceClient } from "@azure/storage-blob";
import { conditionsOf } from "../../azure/accessConditions.ts";
import { isRestError } from "../../azure/storageErrors.ts";
import { errorMessage } from "../../local/kit/errorText.ts";
import { Limiter } from "../../local/kit/limiter.ts";
import { normalizeETag } from "../../model/conversion.ts";
import { conversionIdOf } from "../../model/identity.ts";
import { METADATA } from "../../results/targets.ts";
import { resultNamesFor } from "../../workloads/resultNames.ts";
import type { Workload } from "../../workloads/workload.ts";
import { accepts } from "../../workloads/workload.ts";

const AT_ONCE = 8;

interface Place {
  readonly storage: BlobServiceClient;
  readonly containers: { readonly input: string; readonly output: string };
  /** Those that the app makes of each file. */
  readonly workloads: readonly Workload[];
}

/** A version of a blob in the input container. */
interface Input {
  readonly name: string;
  readonly eTag: string;
  readonly sizeBytes: number;
}

export interface Inputs {
  /** Their current version has succeeded with every workload that takes it. */
  readonly converted: readonly Input[];
  /** How many others there are. */
  readonly others: number;
}

/** An input that is still there, and why. */
export interface KeptInput {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

/** Two lists, however many blobs there are: what became of each is in the metadata of its record. */
export async function findInputs({ storage, containers, workloads }: Place, signal: AbortSignal): Promise<Inputs> {
  const succeeded = new Map<string, string>();
  const output = storage.getContainerClient(containers.output);
  for await (const { name, metadata } of output.listBlobsFlat({ includeMetadata: true, abortSignal: signal })) {
    const { [METADATA.status]: status, [METADATA.conversionId]: id } = metadata ?? {};
    if (status === "succeeded" && id !== undefined) succeeded.set(name, id);
  }
  const converted: Input[] = [];
  let others = 0;
  for await (const { name, properties } of storage
    .getContainerClient(containers.input)
    .listBlobsFlat({ abortSignal: signal })) {
    const source = { container: containers.input, name, eTag: normalizeETag(properties.etag) };
    const takers = workloads.filter((workload) => accepts(workload, name));
    const isConverted = takers.every((workload) => {
      return succeeded.get(resultNamesFor(workload, name).record) === conversionIdOf(workload.name, source);
    });
    if (takers.length > 0 && isConverted) {
      converted.push({ name, eTag: source.eTag, sizeBytes: properties.contentLength ?? 0 });
    } else others += 1;
  }
  return { converted, others };
}

/** Deletes exactly these versions: what was replaced since, or has snapshots or a lease, stays. */
export async function deleteInputs(
  { storage, containers }: Place,
  inputs: readonly Input[],
  signal: AbortSignal,
): Promise<{ deleted: string[]; kept: KeptInput[] }> {
  const container = storage.getContainerClient(containers.input);
  const limiter = new Limiter(AT_ONCE);
  const deleted: string[] = [];
  const kept: KeptInput[] = [];
  const deleteOne = async ({ name, eTag }: Input): Promise<void> => {
    signal.throwIfAborted();
    try {
      await container.deleteBlob(name, { conditions: conditionsOf({ eTag }), abortSignal: signal });
      deleted.push(name);
    } catch (error) {
      signal.throwIfAborted();
      const code = (isRestError(error) && error.code) || "DeleteFailed";
      // A condition on a blob that is gone may be answered in either way.
      const mayBeGone = code === "BlobNotFound" || code === "ConditionNotMet";
      if (mayBeGone && !(await container.getBlobClient(name).exists({ abortSignal: signal }))) deleted.push(name);
      else kept.push({ name, code, message: REASONS[code] ?? errorMessage(error).split("\n", 1)[0] ?? "" });
    }
  };
  await Promise.all(inputs.map((input) => limiter.run(() => deleteOne(input))));
  return { deleted: deleted.toSorted(), kept };
}

const REASONS: Readonly<Record<string, string>> = {
  ConditionNotMet: "it has been replaced in the meantime",
  SnapshotsPresent: "it has snapshots",
  LeaseIdMissing: "somebody holds a lease on it",
};
