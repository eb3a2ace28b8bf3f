import { renameSync, rmSync, statSync } from "node:fs";
import { randomUUID } from "node:crypto";
import type { BlobServiceClient, BlockBlobClient } from "@azure/storage-blob";
import type { BlobVersion, ConversionRecord } from "../../model/conversion.ts";
import { normalizeETag } from "../../model/conversion.ts";
import { printable } from "../../local/kit/commandLine/printable.ts";
import { BLOCK_BYTES, giveBackBlock, takeBlock } from "./blockMemory.ts";
import { ClientFailure } from "./clientFailure.ts";
import { temporaryBeside } from "./resultPaths.ts";
import type { Source } from "./sources.ts";
import { systemReason } from "./systemReason.ts";
import { UnchangingFile } from "./unchangingFile.ts";

/** One file takes no more memory than these. */
const BLOCKS_AT_ONCE = 3;
/** https://learn.microsoft.com/rest/api/storageservices/understanding-block-blobs--append-blobs--and-page-blobs#about-block-blobs */
const MAX_BLOCKS = 50_000;

/** What goes with an upload: metadata of the blob. */
type UploadOptions = TransferOptions & { readonly metadata?: Readonly<Record<string, string>> };

interface TransferOptions {
  readonly signal: AbortSignal;
  readonly onPercent: (percent: number) => void;
}

/**
 * An existing blob of that name is replaced: a new version, and so a new conversion. The blob appears only when all of
 * one version of the file has been read; until then, an older blob stays as it is. What was sent of a file that changes
 * is never seen: https://learn.microsoft.com/rest/api/storageservices/put-block#remarks (dropped after a week)
 */
export async function uploadFile(
  storage: BlobServiceClient,
  container: string,
  { path, blobName }: Source,
  options: UploadOptions,
): Promise<BlobVersion> {
  const file = await UnchangingFile.open(path);
  const blob = storage.getContainerClient(container).getBlockBlobClient(blobName);
  try {
    const eTag = await (file.sizeBytes <= BLOCK_BYTES ? uploadAtOnce : uploadInBlocks)(blob, file, options);
    if (eTag === undefined) throw new Error("the service did not say which version of the blob it stored");
    return { container, name: blobName, eTag: normalizeETag(eTag) };
  } catch (cause) {
    options.signal.throwIfAborted();
    if (cause instanceof ClientFailure) throw cause;
    throw new ClientFailure(
      "UploadFailed",
      `${printable(path)} could not be uploaded: ${reasonOf(cause)}`,
      "Check that the storage is up and has room, then try again.",
      { cause },
    );
  } finally {
    await file.close();
  }
}

async function uploadAtOnce(
  blob: BlockBlobClient,
  file: UnchangingFile,
  { signal, onPercent, metadata = {} }: UploadOptions,
): Promise<string | undefined> {
  const memory = takeBlock(file.sizeBytes);
  const bytes = memory.subarray(0, file.sizeBytes);
  await file.read(0, bytes);
  await file.checkUnchanged();
  const tries = new Tries();
  const { etag } = await blob.upload(bytes, bytes.length, {
    abortSignal: signal,
    metadata: { ...metadata },
    onProgress: ({ loadedBytes }) => {
      tries.note(loadedBytes);
      onPercent(percentOf(loadedBytes, file.sizeBytes));
    },
  });
  if (tries.wasOne) giveBackBlock(memory);
  return etag;
}

async function uploadInBlocks(
  blob: BlockBlobClient,
  file: UnchangingFile,
  { signal, onPercent, metadata = {} }: UploadOptions,
): Promise<string | undefined> {
  const upload = randomUUID();
  const blockBytes = Math.max(BLOCK_BYTES, Math.ceil(file.sizeBytes / MAX_BLOCKS));
  const ids = Array.from({ length: Math.ceil(file.sizeBytes / blockBytes) }, (_, index) => blockId(upload, index));
  const failed = new AbortController();
  const abortSignal = AbortSignal.any([signal, failed.signal]);
  let sentBytes = 0;
  const waiting = ids.entries();
  const sendBlocks = async (): Promise<void> => {
    let memory = takeBlock(blockBytes);
    for (const [index, id] of waiting) {
      abortSignal.throwIfAborted();
      const offset = index * blockBytes;
      const bytes = memory.subarray(0, Math.min(blockBytes, file.sizeBytes - offset));
      await file.read(offset, bytes);
      const tries = new Tries();
      const onProgress = (progress: { readonly loadedBytes: number }): void => tries.note(progress.loadedBytes);
      await blob.stageBlock(id, bytes, bytes.length, { abortSignal, onProgress });
      if (!tries.wasOne) memory = takeBlock(blockBytes);
      sentBytes += bytes.length;
      onPercent(percentOf(sentBytes, file.sizeBytes));
    }
    giveBackBlock(memory);
  };
  const senders = Array.from({ length: Math.min(BLOCKS_AT_ONCE, ids.length) }, () =>
    sendBlocks().catch((error) => failed.abort(error)),
  );
  await Promise.all(senders);
  failed.signal.throwIfAborted();
  await file.checkUnchanged();
  const { etag } = await blob.commitBlockList(ids, { abortSignal: signal, metadata: { ...metadata } });
  return etag;
}

/**
 * Tells by the progress of a request, which begins anew with each try, whether the first one succeeded. Otherwise its memory
 * must not be used again: a try that the storage refused at its beginning goes on being sent, unseen, even when another one
 * has succeeded.
 */
class Tries {
  #sentBytes = 0;
  #wasOne = true;

  get wasOne(): boolean {
    return this.#wasOne;
  }

  note(sentBytes: number): void {
    if (sentBytes <= this.#sentBytes) this.#wasOne = false;
    this.#sentBytes = sentBytes;
  }
}

/**
 * Unlike those of any other upload, so that two at a time never mix, and as long as those of the storage library,
 * because all blocks of a blob need ids of the same length: https://learn.microsoft.com/rest/api/storageservices/put-block#uri-parameters
 */
function blockId(upload: string, index: number): string {
  return Buffer.from(upload + String(index).padStart(12, "0")).toString("base64");
}

/** The result appears when it is complete or not at all; until then, an older one stays in its place. */
export async function downloadResult(
  storage: BlobServiceClient,
  output: NonNullable<ConversionRecord["output"]>,
  resultPath: string,
  { signal, onPercent }: TransferOptions,
): Promise<void> {
  const temporary = temporaryBeside(resultPath);
  const blob = storage.getContainerClient(output.container).getBlobClient(output.name);
  try {
    await blob.downloadToFile(temporary, 0, undefined, {
      abortSignal: signal,
      onProgress: ({ loadedBytes }) => onPercent(percentOf(loadedBytes, output.sizeBytes)),
    });
    const { size } = statSync(temporary);
    if (size !== output.sizeBytes) throw new Error(`received ${size} bytes instead of ${output.sizeBytes}`);
    renameSync(temporary, resultPath);
  } catch (cause) {
    signal.throwIfAborted();
    throw new ClientFailure(
      "DownloadFailed",
      `${printable(resultPath)} could not be written: ${reasonOf(cause)}`,
      `The result is in storage, as ${output.container}/${printable(output.name)}.`,
      { cause },
    );
  } finally {
    rmSync(temporary, { force: true });
  }
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.min(100, Math.floor((part / whole) * 100));
}

function reasonOf(cause: unknown): string {
  return printable(systemReason(cause)).trim() || "no reason given";
}
