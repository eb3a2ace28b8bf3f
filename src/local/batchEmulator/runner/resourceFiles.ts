import { chmod, mkdir, rm } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { isSystemError } from "../../kit/systemError.ts";
import type { FailureInfo } from "../model/records.ts";
import type { ResourceFile } from "../requestBodies/fileBodies.ts";
import type { NodeIdentities } from "./nodeIdentities.ts";
import { blobUrl, download } from "./storageTransfer.ts";
import { transferFailure } from "./transferFailure.ts";
import { statusOf, TransferError, withRetries } from "./transferRetries.ts";
import type { TransferContext } from "./transferRetries.ts";

const DEFAULT_FILE_MODE = "0770";

export interface DownloadContext extends TransferContext {
  readonly identities: NodeIdentities;
}

/** Downloads everything into the working directory, replacing what is there. Resolves with the failure, if any. */
export async function fetchResourceFiles(
  files: readonly ResourceFile[],
  folder: string,
  context: DownloadContext,
): Promise<FailureInfo | undefined> {
  for (const file of files) {
    const failure = await (file.httpUrl === undefined
      ? fetchContainer(file, folder, context)
      : fetchFile(file.httpUrl, file.filePath ?? "", file, folder, context));
    if (failure !== undefined || context.signal.aborted) return failure;
  }
  return undefined;
}

async function fetchFile(
  url: string,
  path: string,
  { fileMode, identityReference }: ResourceFile,
  folder: string,
  context: DownloadContext,
): Promise<FailureInfo | undefined> {
  const target = resolve(folder, path);
  if (relative(folder, target).startsWith("..") || target === folder) {
    return transferFailure("UserError", "ResourceFileCreateFailed", "The file path leaves the working directory", path);
  }
  try {
    await mkdir(dirname(target), { recursive: true });
    await rm(target, { force: true, recursive: true });
  } catch (error) {
    return transferFailure("ServerError", "ResourceDirectoryCreateFailed", String(error), path);
  }
  try {
    const mode = Number.parseInt(fileMode ?? DEFAULT_FILE_MODE, 8);
    const sign = (plain: string): Promise<string> => context.identities.sign(plain, identityReference, "read");
    await download(url, target, mode, { ...context, sign });
    // The umask cuts the mode given on creation.
    await chmod(target, mode);
    return undefined;
  } catch (error) {
    return downloadFailure(error, path);
  }
}

async function fetchContainer(
  file: ResourceFile,
  folder: string,
  context: DownloadContext,
): Promise<FailureInfo | undefined> {
  const url = file.storageContainerUrl ?? "";
  let names: string[];
  try {
    names = await withRetries(context, async () => {
      const signed = await context.identities.sign(url, file.identityReference, "list");
      return listNames(signed, file.blobPrefix, context.signal);
    });
  } catch (error) {
    return listFailure(error, file.filePath ?? "");
  }
  for (const name of names) {
    const failure = await fetchFile(blobUrl(url, name), join(file.filePath ?? "", name), file, folder, context);
    if (failure !== undefined || context.signal.aborted) return failure;
  }
  return undefined;
}

async function listNames(url: string, prefix: string | undefined, signal: AbortSignal): Promise<string[]> {
  // Loading it takes longer than starting everything else, and few tasks need it.
  const { ContainerClient } = await import("@azure/storage-blob");
  const container = new ContainerClient(url, undefined, { retryOptions: { maxTries: 1 } });
  const names: string[] = [];
  const blobs = container.listBlobsFlat({ abortSignal: signal, ...(prefix !== undefined && { prefix }) });
  for await (const blob of blobs) names.push(blob.name);
  return names;
}

function downloadFailure(error: unknown, path: string): FailureInfo {
  const status = statusOf(error);
  if (status === 404) {
    return transferFailure(
      "UserError",
      "BlobNotFound",
      "One of the specified Azure Blob(s) is not found.",
      path,
      status,
    );
  }
  // Storage answers 409 where public access is not permitted.
  if (status === 401 || status === 403 || status === 409) {
    return transferFailure(
      "UserError",
      "BlobAccessDenied",
      "Access for one of the specified Azure Blob(s) is denied.",
      path,
      status,
    );
  }
  if (isSystemError(error) && error.code === "ENOSPC") {
    return transferFailure("ServerError", "DiskFull", "The disk of the node is full.", path);
  }
  const message = "Miscellaneous error encountered while downloading one of the specified Azure Blob(s).";
  return transferFailure("ServerError", "BlobDownloadMiscError", message, path, status, String(error));
}

function listFailure(error: unknown, path: string): FailureInfo {
  const status = statusOf(error);
  if (status === 404) {
    return transferFailure(
      "UserError",
      "ResourceContainerNotFound",
      "The specified Azure container is not found.",
      path,
      status,
    );
  }
  if (status === 401 || status === 403 || status === 409) {
    return transferFailure(
      "UserError",
      "ResourceContainerAccessDenied",
      "Access for the specified Azure container is denied.",
      path,
      status,
    );
  }
  const message = "Miscellaneous error encountered while listing the specified Azure container.";
  // What the storage library says may hold the URL, and so a signature.
  const cause = error instanceof TransferError ? String(error) : undefined;
  return transferFailure("ServerError", "ResourceContainerListMiscError", message, path, status, cause);
}
