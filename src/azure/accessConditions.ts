import type { BlobRequestConditions } from "@azure/storage-blob";
import type { IfUnchanged } from "../services.ts";

/** Our condition in the words of the service. */
export function conditionsOf(condition: IfUnchanged | undefined): BlobRequestConditions {
  if (condition === undefined) return {};
  return condition.eTag === null ? { ifNoneMatch: "*" } : { ifMatch: `"${condition.eTag}"` };
}
