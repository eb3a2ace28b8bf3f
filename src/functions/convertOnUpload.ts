import type { InvocationContext } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import * as df from "durable-functions";
import { services } from "../azure/azureServices.ts";
import type { BlobReference } from "../azure/blobReference.ts";
import { provideBlobReferences } from "../azure/blobReference.ts";
import { STORAGE_CONNECTION } from "../config.ts";
import { isDirectory } from "../model/directory.ts";
import { conversionIdOf } from "../model/identity.ts";
import { parseTime } from "../model/time.ts";
import { startOnce } from "../upkeep/starting.ts";
import { accepts } from "../workloads/workload.ts";
import { readVersion } from "./uploadedVersion.ts";

const { containers, notBefore, triggerSource, workloads } = services().config;

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
  const version = await readVersion(services(), blob, context);
  if (version === undefined) {
    context.info(`Ignored ${blob.name}: it was deleted before its conversion began`);
    return;
  }
  const { eTag, facts } = version;
  if (notBefore !== undefined && parseTime(facts.lastModified) < notBefore) {
    context.debug(`Ignored ${blob.name}: it was last modified before NOT_BEFORE`);
    return;
  }
  const source = { container: blob.container, name: blob.name, eTag };
  for (const { name: workload } of takers) {
    const start = await startOnce(services(), client, { workload, source }, facts);
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
