import { setTimeout as delay } from "node:timers/promises";
import { BlobServiceClient } from "@azure/storage-blob";
import { errorMessage } from "../../../src/local/kit/errorText.ts";
import { normalizeETag } from "../../../src/model/conversion.ts";
import type { KillableStack } from "./killableStack.ts";
import type { PlannedUpload } from "./plan.ts";

/** What may be in the input container under one name. */
export interface Ledger {
  /** The last upload that was acknowledged; what came before must be gone, and itself too if something came after. */
  acknowledged: { readonly video: number; readonly eTag: string } | undefined;
  /** Videos whose upload was cut short since then: each may be there instead. */
  readonly unacknowledged: number[];
}

export interface Uploads {
  readonly ledgers: ReadonlyMap<string, Ledger>;
  /** ETags of all that were acknowledged. */
  readonly versions: readonly { readonly name: string; readonly eTag: string }[];
  readonly count: number;
  /** What storage answered to those that it would not take. */
  readonly refused: readonly string[];
}

const CUT_OFF_AFTER_MS = 10_000;

/** Uploads without a retry until the signal ends it: what the client was told is what counts. */
export async function uploadUntil(
  signal: AbortSignal,
  stack: KillableStack,
  planned: Iterable<PlannedUpload>,
  videos: readonly Buffer[],
): Promise<Uploads> {
  const ledgers = new Map<string, Ledger>();
  const versions: { name: string; eTag: string }[] = [];
  const refused: string[] = [];
  let count = 0;
  for (const { name, video, afterMs } of planned) {
    try {
      await delay(afterMs, undefined, { signal });
      const { storage } = await stack.ready(signal);
      const bytes = videos[video] ?? Buffer.alloc(0);
      const ledger = ledgers.get(name) ?? { acknowledged: undefined, unacknowledged: [] };
      ledgers.set(name, ledger);
      ledger.unacknowledged.push(video);
      count++;
      const input = BlobServiceClient.fromConnectionString(storage.connectionString, { retryOptions: { maxTries: 1 } });
      const blob = input.getContainerClient("input").getBlockBlobClient(name);
      const { etag } = await blob.upload(bytes, bytes.length, { abortSignal: AbortSignal.timeout(CUT_OFF_AFTER_MS) });
      const eTag = normalizeETag(etag ?? "");
      versions.push({ name, eTag });
      ledger.acknowledged = { video, eTag };
      ledger.unacknowledged.length = 0;
    } catch (error) {
      if (signal.aborted) break;
      if (!isCutShort(error)) refused.push(`${name} was refused: ${errorMessage(error)}`);
    }
  }
  return { ledgers, versions, count, refused };
}

/** Nobody answered, or not to the end. An answer that refuses is none that a kill explains. */
function isCutShort(error: unknown): boolean {
  return error instanceof Error && !("statusCode" in error && typeof error.statusCode === "number");
}
