import { accessSync, constants, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { randomUUID } from "node:crypto";
import type { BlobServiceClient } from "@azure/storage-blob";
import type { BlobVersion, ConversionRecord } from "../../model/conversion.ts";
import { normalizeETag } from "../../model/conversion.ts";
import { wrongUsage } from "../args.ts";
import { printable } from "../printable.ts";
import { ClientFailure } from "./answer.ts";
import type { Source } from "./sources.ts";

/** Memory for one file is at most blocks × concurrency, however long the video is. */
const BLOCK_BYTES = 8 * 1024 * 1024;
const BLOCKS_AT_ONCE = 3;

export interface TransferOptions {
  readonly signal: AbortSignal;
  readonly onPercent: (percent: number) => void;
}

/** A blob that is there already becomes a new version, and that is a new conversion. */
export async function uploadVideo(
  storage: BlobServiceClient,
  container: string,
  { path, blobName, sizeBytes }: Source,
  { signal, onPercent }: TransferOptions,
): Promise<BlobVersion> {
  const blob = storage.getContainerClient(container).getBlockBlobClient(blobName);
  try {
    const { etag } = await blob.uploadFile(path, {
      abortSignal: signal,
      blockSize: BLOCK_BYTES,
      maxSingleShotSize: BLOCK_BYTES,
      concurrency: BLOCKS_AT_ONCE,
      blobHTTPHeaders: { blobContentType: "video/mp4" },
      onProgress: ({ loadedBytes }) => onPercent(percentOf(loadedBytes, sizeBytes)),
    });
    if (etag === undefined) throw new Error("the service did not tell the version of the blob");
    return { container, name: blobName, eTag: normalizeETag(etag) };
  } catch (cause) {
    signal.throwIfAborted();
    throw new ClientFailure(
      "UploadFailed",
      `${printable(path)} could not be uploaded: ${reasonOf(cause)}`,
      "See that the file can be read and does not change, and that the storage answers; then try again.",
      { cause },
    );
  }
}

/** The MP3 appears complete or not at all; one that was there is replaced only then. */
export async function downloadMp3(
  storage: BlobServiceClient,
  output: NonNullable<ConversionRecord["output"]>,
  mp3Path: string,
  { signal, onPercent }: TransferOptions,
): Promise<void> {
  const temporary = join(dirname(mp3Path), `.${randomUUID()}.mp3drop`);
  const blob = storage.getContainerClient(output.container).getBlobClient(output.name);
  try {
    await blob.downloadToFile(temporary, 0, undefined, {
      abortSignal: signal,
      onProgress: ({ loadedBytes }) => onPercent(percentOf(loadedBytes, output.sizeBytes)),
    });
    const { size } = statSync(temporary);
    if (size !== output.sizeBytes) throw new Error(`${size} bytes came instead of ${output.sizeBytes}`);
    renameSync(temporary, mp3Path);
  } catch (cause) {
    signal.throwIfAborted();
    throw new ClientFailure(
      "DownloadFailed",
      `${printable(mp3Path)} could not be written: ${reasonOf(cause)}`,
      `The MP3 is in storage, as ${output.container}/${printable(output.name)}.`,
      { cause },
    );
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Found out before the first upload: hours later would be a bad moment. */
export function ensureWritableFolders(sources: readonly Source[]): void {
  for (const folder of new Set(sources.map((source) => dirname(source.mp3Path)))) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw wrongUsage(
        `No MP3 can be written to ${printable(folder)}: ${reasonOf(cause)}`,
        "Choose another folder with --out.",
        { cause },
      );
    }
  }
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 100 : Math.min(100, Math.floor((part / whole) * 100));
}

function reasonOf(cause: unknown): string {
  const { message } = cause as Error;
  return printable(message.split("\n")[0] ?? "").trim() || "no reason given";
}
