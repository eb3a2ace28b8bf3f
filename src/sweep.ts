import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import { OrchestrationRuntimeStatus } from "durable-functions";
import { isMp4Name } from "./conversion.ts";
import { conversionIdOf, recordNameFor } from "./conversionId.ts";
import { createLookup } from "./lookup.ts";
import type { ConversionProgress } from "./orchestrations/status.ts";
import type { BlobProperties, ListedBlob, Services } from "./services.ts";
import { findInstance, startConversion } from "./starting.ts";
import { RECORD_ETAG } from "./targets.ts";
import { addSeconds } from "./time.ts";

export interface SweepResult {
  readonly videos: number;
  /** Names of the videos whose conversion was started, or started again. */
  readonly started: readonly string[];
}

/** A younger upload is left to the trigger. */
const GRACE_SECONDS = 120;

/**
 * Starts what the trigger has missed: every video that has neither a record for its current version nor a conversion
 * that is known. One whose orchestration died is started again.
 *
 * When all is well this costs the listing of two containers and nothing per video.
 */
export async function sweep(services: Services, client: DurableClient): Promise<SweepResult> {
  const { blobs, config, now } = services;
  const { input, output } = config.containers;
  const youngest = addSeconds(now(), -GRACE_SECONDS);
  const findRecord = createLookup<Pick<BlobProperties, "metadata">>(blobs.list(output), async (name) =>
    blobs.properties({ container: output, name }),
  );

  const started: string[] = [];
  let videos = 0;
  for await (const video of blobs.list(input)) {
    if (!isMp4Name(video.name)) continue;
    videos++;
    if (video.lastModified > youngest) continue;
    const record = await findRecord(recordNameFor(video.name));
    if (record?.metadata[RECORD_ETAG] === video.eTag) continue;
    if (await startMissing(client, input, video)) started.push(video.name);
  }
  return { videos, started };
}

/** Says whether there was something to start. */
async function startMissing(client: DurableClient, container: string, { name, eTag }: ListedBlob): Promise<boolean> {
  const source = { container, name, eTag };
  const id = conversionIdOf(source);
  const instance = await findInstance(client, id);
  if (instance !== undefined && !hasDied(instance)) return false;
  const attempts = (instance?.customStatus as ConversionProgress | null | undefined)?.attempt ?? 0;
  await startConversion(client, id, { source, firstAttempt: attempts + 1 });
  return true;
}

/** A conversion that ends by itself, however it ends, completes its orchestration. */
function hasDied({ runtimeStatus }: DurableOrchestrationStatus): boolean {
  const { Failed, Terminated, Canceled } = OrchestrationRuntimeStatus;
  return [Failed, Terminated, Canceled].includes(runtimeStatus);
}
