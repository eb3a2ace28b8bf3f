import type { InvocationContext } from "@azure/functions";
import type { BlobReference } from "../azure/blobReference.ts";
import type { VersionFacts } from "../model/conversion.ts";
import { normalizeETag } from "../model/conversion.ts";
import type { Services } from "../services.ts";
import { optionMetadataIn } from "../workloads/options.ts";

interface UploadedVersion {
  readonly eTag: string;
  readonly facts: VersionFacts;
}

/**
 * The version that an event tells of, with what is true of it. Where the event leaves some of that out, Storage is asked for
 * the version that there is: Azure's host writes every ETag as `{}`. Undefined if the blob has gone.
 */
export async function readVersion(
  { blobs }: Services,
  blob: BlobReference,
  context: InvocationContext,
): Promise<UploadedVersion | undefined> {
  const told = versionIn(context);
  if (told !== undefined) return told;
  const found = await blobs.properties(blob);
  return found && versionOf(found.eTag, found.sizeBytes, found.lastModified, found.metadata);
}

/** All of it is from one answer of Storage. */
function versionIn({ triggerMetadata }: InvocationContext): UploadedVersion | undefined {
  const properties = (triggerMetadata?.["properties"] ?? {}) as Readonly<Record<string, unknown>>;
  const { eTag, lastModified, contentLength } = properties;
  const metadata = triggerMetadata?.["metadata"];
  if (typeof eTag !== "string" || typeof contentLength !== "number") return undefined;
  if (typeof lastModified !== "string" || Number.isNaN(Date.parse(lastModified))) return undefined;
  if (typeof metadata !== "object" || metadata === null) return undefined;
  return versionOf(normalizeETag(eTag), contentLength, new Date(lastModified), metadata);
}

function versionOf(eTag: string, sizeBytes: number, lastModified: Date, metadata: object): UploadedVersion {
  return { eTag, facts: { sizeBytes, lastModified: lastModified.toISOString(), metadata: optionMetadataIn(metadata) } };
}
