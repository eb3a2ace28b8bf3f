import { fitBlobName } from "../model/identity.ts";
import type { Workload } from "./workload.ts";

/** The blobs that a conversion leaves in the output container. */
interface ResultNames {
  readonly result: string;
  readonly record: string;
  /** The log of the task. */
  readonly log: string;
}

/** They depend only on the name of the blob, so its next version replaces them all. */
export function resultNamesFor(workload: Workload, blobName: string): ResultNames {
  const name = workload.resultNameFor(blobName);
  const suffix = /\.[^./]*$/.exec(name)?.[0] ?? "";
  return {
    result: fitBlobName(name.slice(0, name.length - suffix.length), suffix),
    record: fitBlobName(name, ".json"),
    log: fitBlobName(name, ".log"),
  };
}
