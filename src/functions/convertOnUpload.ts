import type { InvocationContext } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import * as df from "durable-functions";
import { services } from "../azure/azureServices.ts";
import type { BlobReference } from "../azure/blobReference.ts";
import { provideBlobReferences } from "../azure/blobReference.ts";
import { STORAGE_CONNECTION } from "../config.ts";
import type { VersionFacts } from "../model/conversion.ts";
import { normalizeETag } from "../model/conversion.ts";
import { isDirectory } from "../model/directory.ts";
import { conversionIdOf } from "../model/identity.ts";
import { startOnce } from "../upkeep/starting.ts";
import { optionMetadataIn } from "../workloads/options.ts";
import { accepts } from "../workloads/workload.ts";

const { containers, triggerSource, workloads } = services().config;

provideBlobReferences();

df.app.client.storageBlob("convertOnUpload", {
  path: `${containers.input}/{name}`,
  connection: STORAGE_CONNECTION,
  source: triggerSource,
  sdkBinding: true,
  handler: (blob, client, context) => convertOnUpload(blob as BlobReference, client, context),
});

/** Starts one conversion for each workload that takes this version of the blob, however often its event comes. */
async function convertOnUpload(blob: BlobReference, client: DurableClient, context: InvocationContext): Promise<void> {
  const takers = workloads.filter((workload) => accepts(workload, blob.name));
  if (takers.length === 0) {
    const takes = workloads.map((workload) => `${workload.takes} (${workload.suffixes.join(", ")})`);
    context.debug(`Ignored ${blob.name}: the workloads take ${takes.join(" and ")}`);
    return;
  }
  if (isDirectory((context.triggerMetadata?.["metadata"] ?? {}) as Record<string, unknown>)) {
    context.debug(`Ignored ${blob.name}: it is a directory`);
    return;
  }
  const eTag = await readETag(blob, context);
  if (eTag === undefined) {
    context.info(`Ignored ${blob.name}: it was deleted before its conversion began`);
    return;
  }
  if (await isTooOld(blob, context)) {
    context.debug(`Ignored ${blob.name}: it was last modified before NOT_BEFORE`);
    return;
  }
  const source = { container: blob.container, name: blob.name, eTag };
  for (const { name: workload } of takers) {
    const start = await startOnce(services(), client, { workload, source }, factsIn(context));
    context.debug(
      `Conversion ${conversionIdOf(workload, source)} of ${blob.name} by ${workload} ${START_WORDS[start]}`,
    );
  }
}

const START_WORDS = {
  alreadyKnown: "is already known",
  alreadyRecorded: "already has its record",
  givenUp: "has run too often and was given up",
  handedOver: "goes on with this version of the app",
  recordRestored: "has its record again, which was missing",
  started: "was started",
} as const;

/** The event names the version. Where a host leaves that out, we ask Storage. */
async function readETag(blob: BlobReference, context: InvocationContext): Promise<string | undefined> {
  const { eTag } = propertiesIn(context);
  if (typeof eTag === "string") return normalizeETag(eTag);
  return (await services().blobs.properties(blob))?.eTag;
}

async function isTooOld(blob: BlobReference, context: InvocationContext): Promise<boolean> {
  const { notBefore } = services().config;
  if (notBefore === undefined) return false;
  const { lastModified } = propertiesIn(context);
  const modified =
    typeof lastModified === "string" ? new Date(lastModified) : (await services().blobs.properties(blob))?.lastModified;
  return modified !== undefined && modified < notBefore;
}

/** Undefined where a host leaves some of them out. All of them come with the ETag, in one answer of Storage. */
function factsIn(context: InvocationContext): VersionFacts | undefined {
  const { eTag, lastModified, contentLength: sizeBytes } = propertiesIn(context);
  const metadata = context.triggerMetadata?.["metadata"];
  if (typeof eTag !== "string" || typeof lastModified !== "string" || typeof sizeBytes !== "number") return undefined;
  if (typeof metadata !== "object" || metadata === null || Number.isNaN(Date.parse(lastModified))) return undefined;
  return { sizeBytes, lastModified: new Date(lastModified).toISOString(), metadata: optionMetadataIn(metadata) };
}

function propertiesIn({ triggerMetadata }: InvocationContext): {
  readonly eTag?: unknown;
  readonly lastModified?: unknown;
  readonly contentLength?: unknown;
} {
  return triggerMetadata?.["properties"] ?? {};
}
