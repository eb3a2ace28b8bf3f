import type { BlobClient } from "@azure/storage-blob";
import { RestError } from "@azure/storage-blob";
import { normalizeETag } from "../model/conversion.ts";
import type { IfUnchanged } from "../services.ts";
import { conditionsOf } from "./accessConditions.ts";
import { isRestError } from "./storageErrors.ts";

/**
 * Deletes a blob if it is there. One with snapshots stays: they are somebody else's, and would go with it. While a copy to
 * the blob is pending, which may be for two weeks, the service refuses; the copy is then aborted first.
 * https://learn.microsoft.com/rest/api/storageservices/abort-copy-blob
 */
export async function deleteBlob(blob: BlobClient, condition: IfUnchanged | undefined): Promise<void> {
  try {
    await blob.deleteIfExists({ conditions: conditionsOf(condition) }).catch(async (error: unknown) => {
      if (codeOf(error) !== "PendingCopyOperation") throw error;
      await abortAndDelete(blob, condition);
    });
  } catch (error) {
    if (codeOf(error) === "SnapshotsPresent" || (isRestError(error) && error.statusCode === 404)) return;
    throw error;
  }
}

/** Aborting a copy changes the ETag. After that, the id of the copy tells whether this is still the same blob. */
async function abortAndDelete(blob: BlobClient, condition: IfUnchanged | undefined): Promise<void> {
  const found = await blob.getProperties();
  if (condition !== undefined && normalizeETag(found.etag ?? "") !== condition.eTag) throw conditionNotMet();
  if (found.copyId !== undefined) await abortCopy(blob, found.copyId);
  if (condition === undefined) {
    await blob.deleteIfExists();
    return;
  }
  const left = await blob.getProperties();
  if (left.copyId !== found.copyId || left.etag === undefined) throw conditionNotMet();
  await blob.deleteIfExists({ conditions: { ifMatch: left.etag } });
}

/** It may have ended by itself, or another one may have begun. */
async function abortCopy(blob: BlobClient, copyId: string): Promise<void> {
  try {
    await blob.abortCopyFromURL(copyId);
  } catch (error) {
    const code = codeOf(error);
    if (code !== "NoPendingCopyOperation" && code !== "CopyIdMismatch") throw error;
  }
}

/** The error that the service would give. */
function conditionNotMet(): RestError {
  return new RestError("The blob has been replaced", { code: "ConditionNotMet", statusCode: 412 });
}

function codeOf(error: unknown): string | undefined {
  return isRestError(error) ? error.code : undefined;
}
