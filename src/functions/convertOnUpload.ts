import type { InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import type { DurableClient } from "durable-functions";
import type { BlobReference } from "../azure/blobReference.ts";
import { provideBlobReferences } from "../azure/blobReference.ts";
import { services } from "../azure/azureServices.ts";
import { STORAGE_CONNECTION } from "../config.ts";
import type { BlobVersion } from "../model/conversion.ts";
import { isMp4Name, normalizeETag } from "../model/conversion.ts";
import { conversionIdOf } from "../model/identity.ts";
import { findInstance, startConversion } from "../upkeep/starting.ts";
import { hasRecord } from "../results/targets.ts";

const { containers, triggerSource } = services().config;

provideBlobReferences();

df.app.client.storageBlob("convertOnUpload", {
  path: `${containers.input}/{name}`,
  connection: STORAGE_CONNECTION,
  source: triggerSource,
  sdkBinding: true,
  handler: (blob, client, context) => convertOnUpload(blob as BlobReference, client, context),
});

/** Starts one conversion per version of an uploaded MP4, however often its event is delivered. */
export async function convertOnUpload(
  blob: BlobReference,
  client: DurableClient,
  context: InvocationContext,
): Promise<void> {
  if (!isMp4Name(blob.name)) {
    context.debug(`Ignored ${blob.name}: its name does not end in .mp4`);
    return;
  }
  const eTag = await readETag(blob, context);
  if (eTag === undefined) {
    context.info(`Ignored ${blob.name}: it was deleted before its conversion began`);
    return;
  }
  await startOnce(client, { container: blob.container, name: blob.name, eTag }, context);
}

/**
 * Only looking first makes a repeated event harmless: starting an instance that has ended would run it again, and after
 * a while an instance is forgotten, when the record still tells.
 */
async function startOnce(client: DurableClient, source: BlobVersion, context: InvocationContext): Promise<void> {
  const instanceId = conversionIdOf(source);
  if (await findInstance(client, instanceId)) {
    context.debug(`Conversion ${instanceId} of ${source.name} is already known`);
    return;
  }
  if (await hasRecord(services(), source)) {
    context.debug(`${source.name} has been converted already: its record is of this version`);
    return;
  }
  await startConversion(client, instanceId, { source });
  context.info(`Started conversion ${instanceId} of ${source.name}`);
}

/** The event names the version; hosts that leave it out make us ask the storage service. */
async function readETag(blob: BlobReference, context: InvocationContext): Promise<string | undefined> {
  const properties = context.triggerMetadata?.["properties"] as { eTag?: unknown } | undefined;
  if (typeof properties?.eTag === "string") return normalizeETag(properties.eTag);
  return (await services().blobs.properties(blob))?.eTag;
}
