import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import { OrchestrationRuntimeStatus } from "durable-functions";
import { isMp4Name } from "../model/conversion.ts";
import { conversionIdOf, recordNameFor } from "../model/identity.ts";
import { MAX_ATTEMPTS } from "../model/failures.ts";
import { createLookup } from "./sortedLookup.ts";
import type { ConversionProgress } from "../orchestrations/status.ts";
import type { ListedBlob, Services } from "../services.ts";
import { findInstance, startConversion } from "./starting.ts";
import { RECORD_ETAG, hasRecord } from "../results/targets.ts";
import { addSeconds } from "../model/time.ts";

export interface SweepResult {
  readonly videos: number;
  /** Names of the videos whose conversion was started, or started again. */
  readonly started: readonly string[];
  /** False when the time was up before all videos had been looked at. */
  readonly isComplete: boolean;
}

/** A younger upload is left to the trigger. */
const GRACE_SECONDS = 120;
/** Below the time limit of a function in host.json: a function that exceeds it takes its whole process down. */
const BUDGET_SECONDS = 240;
const AT_ONCE = 16;
/** A conversion that dies again and again has a cause that starting it does not mend. */
const MAX_ATTEMPTS_IN_ALL = 3 * MAX_ATTEMPTS;

/**
 * Starts what the trigger has missed: every video that has neither a record for its current version nor a conversion
 * that is known. One whose orchestration died is started again.
 *
 * When all is well this costs the listing of two containers, and one question for each video that is being converted.
 */
export async function sweep(services: Services, client: DurableClient): Promise<SweepResult> {
  const { blobs, config, now } = services;
  const youngest = addSeconds(now(), -GRACE_SECONDS);
  const deadline = addSeconds(now(), BUDGET_SECONDS);
  const findRecord = createLookup(blobs.list(config.containers.output));

  const started: string[] = [];
  let videos = 0;
  let isComplete = true;
  let unsettled: ListedBlob[] = [];
  const settle = async (): Promise<void> => {
    const found = await Promise.all(
      unsettled.map(async (video) => ((await startMissing(services, client, video)) ? [video.name] : [])),
    );
    started.push(...found.flat());
    unsettled = [];
  };
  for await (const video of blobs.list(config.containers.input)) {
    if (!isMp4Name(video.name)) continue;
    videos++;
    if (video.lastModified > youngest) continue;
    const record = await findRecord(recordNameFor(video.name));
    if (record?.metadata[RECORD_ETAG] === video.eTag) continue;
    unsettled.push(video);
    if (unsettled.length >= AT_ONCE) await settle();
    if (now() > deadline) {
      isComplete = false;
      break;
    }
  }
  await settle();
  return { videos, started, isComplete };
}

/** Says whether there was something to start. */
async function startMissing(services: Services, client: DurableClient, { name, eTag }: ListedBlob): Promise<boolean> {
  const source = { container: services.config.containers.input, name, eTag };
  const id = conversionIdOf(source);
  const instance = await findInstance(client, id);
  if (instance !== undefined && !hasDied(instance)) return false;
  const attempts = (instance?.customStatus as ConversionProgress | null | undefined)?.attempt ?? 0;
  if (attempts >= MAX_ATTEMPTS_IN_ALL || (await hasRecord(services, source))) return false;
  await startConversion(client, id, { source, firstAttempt: attempts + 1 });
  return true;
}

/** A conversion that ends by itself, however it ends, completes its orchestration. */
function hasDied({ runtimeStatus }: DurableOrchestrationStatus): boolean {
  const { Failed, Terminated, Canceled } = OrchestrationRuntimeStatus;
  return [Failed, Terminated, Canceled].includes(runtimeStatus);
}
