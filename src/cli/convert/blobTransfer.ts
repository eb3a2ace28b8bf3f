import { accessSync, constants, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { randomUUID } from "node:crypto";
import type { BlobServiceClient } from "@azure/storage-blob";
import type { BlobVersion, ConversionRecord } from "../../model/conversion.ts";
import { normalizeETag } from "../../model/conversion.ts";
import { wrongUsage } from "../../local/kit/commandLine/args.ts";
import { printable } from "../../local/kit/commandLine/printable.ts";
import { ClientFailure } from "./clientFailure.ts";
import type { Source } from "./sources.ts";

/** One file takes no more memory than its blocks in flight, however large it is. */
const BLOCK_BYTES = 8 * 1024 * 1024;
const BLOCKS_AT_ONCE = 3;

interface TransferOptions {
  readonly signal: AbortSignal;
  readonly onPercent: (percent: number) => void;
}

/** An existing blob of that name is replaced: a new version, and so a new conversion. */
export async function uploadFile(
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
      onProgress: ({ loadedBytes }) => onPercent(percentOf(loadedBytes, sizeBytes)),
    });
    if (etag === undefined) throw new Error("the service did not say which version of the blob it stored");
    return { container, name: blobName, eTag: normalizeETag(etag) };
  } catch (cause) {
    signal.throwIfAborted();
    throw new ClientFailure(
      "UploadFailed",
      `${printable(path)} could not be uploaded: ${reasonOf(cause)}`,
      "Check that the file can be read and is not being changed, and that the storage is up; then try again.",
      { cause },
    );
  }
}

/** The result appears when it is complete or not at all; until then, an older one stays in its place. */
export async function downloadResult(
  storage: BlobServiceClient,
  output: NonNullable<ConversionRecord["output"]>,
  resultPath: string,
  { signal, onPercent }: TransferOptions,
): Promise<void> {
  const temporary = join(dirname(resultPath), `.${randomUUID()}.mp3drop`);
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

/** Checked before the first upload, because hours later would be a bad moment to find out. */
export function ensureWritableFolders(sources: readonly Source[]): void {
  for (const folder of new Set(sources.map((source) => dirname(source.resultPath)))) {
    try {
      mkdirSync(folder, { recursive: true });
      accessSync(folder, constants.W_OK | constants.X_OK);
    } catch (cause) {
      throw wrongUsage(
        `No result can be written to ${printable(folder)}: ${reasonOf(cause)}`,
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
