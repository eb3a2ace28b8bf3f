import type { InvocationContext } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import * as df from "durable-functions";
import { services } from "../azure/azureServices.ts";
import type { BlobReference } from "../azure/blobReference.ts";
import { provideBlobReferences } from "../azure/blobReference.ts";
import { STORAGE_CONNECTION } from "../config.ts";
import { conversionOfReport, reportPath } from "../results/staging.ts";
import { wakeConversion } from "../upkeep/waking.ts";

const { containers, triggerSource } = services().config;

provideBlobReferences();

df.app.client.storageBlob("wakeOnReport", {
  path: reportPath(containers.staging),
  connection: STORAGE_CONNECTION,
  source: triggerSource,
  sdkBinding: true,
  handler: (blob, client, context) => wakeOnReport(blob as BlobReference, client, context),
});

/**
 * Ends the pause of a conversion whose task has just left its report. Only its name is of interest: what the task has
 * done, Batch says. A conversion that is not told finds out by itself, later. Event Grid goes by its own filter instead
 * of our path, so the name is looked at.
 */
async function wakeOnReport({ name }: BlobReference, client: DurableClient, context: InvocationContext): Promise<void> {
  const id = conversionOfReport(name);
  if (id === undefined) {
    context.debug(`Ignored ${name}: it is no report of a conversion`);
    return;
  }
  const outcome = await wakeConversion(client, id);
  context.debug(`Conversion ${id} is ${outcome === "told" ? "told that its task has ended" : "no longer known"}`);
}
