import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import { listen, sendStorageError } from "./standInAzure.ts";

/** A blob that a copy is being written to, or was. */
export interface CopyTarget {
  eTag: string;
  copyId: string;
  copyStatus: "pending" | "success" | "aborted";
}

export interface SlowCopies {
  readonly connectionString: string;
  /** By path below the account, for example `output/a.mp3`. */
  readonly blobs: Map<string, CopyTarget>;
  /** Method and path of each request that was made to change something. */
  readonly changes: string[];
  /** Called before a copy is aborted. */
  beforeAbort: () => void;
}

/**
 * A storage account whose copies take as long as the test wants, as those of Azure may and those of Azurite never do:
 * https://learn.microsoft.com/rest/api/storageservices/abort-copy-blob
 */
export async function startSlowCopies(): Promise<SlowCopies> {
  const blobs = new Map<string, CopyTarget>();
  const changes: string[] = [];
  const server = createServer((request, response) => answer(request, response));
  const connectionString = [
    "DefaultEndpointsProtocol=http",
    "AccountName=account",
    `AccountKey=${Buffer.from("key").toString("base64")}`,
    `BlobEndpoint=http://127.0.0.1:${await listen(server)}/account`,
  ].join(";");
  const storage: SlowCopies = { connectionString, blobs, changes, beforeAbort: () => {} };

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? "", "http://127.0.0.1");
    const path = url.pathname.split("/").slice(2).join("/");
    const copyId = url.searchParams.get("copyid");
    const blob = blobs.get(path);
    if (request.method !== "HEAD") changes.push(`${request.method} ${path}${copyId === null ? "" : ` ${copyId}`}`);
    if (copyId !== null) return abort(response, path, copyId);
    if (blob === undefined) return sendStorageError(response, 404, "BlobNotFound");
    if (request.method === "HEAD") return sendProperties(response, blob);
    return remove(request, response, path, blob);
  }

  function remove(request: IncomingMessage, response: ServerResponse, path: string, blob: CopyTarget): void {
    if (blob.copyStatus === "pending") return sendStorageError(response, 409, "PendingCopyOperation");
    const condition = request.headers["if-match"];
    if (condition !== undefined && condition !== `"${blob.eTag}"`) {
      return sendStorageError(response, 412, "ConditionNotMet");
    }
    blobs.delete(path);
    response.writeHead(202).end();
  }

  /** What an aborted copy leaves is another version of the blob. */
  function abort(response: ServerResponse, path: string, copyId: string): void {
    storage.beforeAbort();
    const blob = blobs.get(path);
    if (blob === undefined) return sendStorageError(response, 404, "BlobNotFound");
    if (blob.copyId !== copyId) return sendStorageError(response, 409, "CopyIdMismatch");
    if (blob.copyStatus !== "pending") return sendStorageError(response, 409, "NoPendingCopyOperation");
    blob.copyStatus = "aborted";
    blob.eTag = `${blob.eTag}-aborted`;
    response.writeHead(204).end();
  }

  return storage;
}

function sendProperties(response: ServerResponse, { eTag, copyId, copyStatus }: CopyTarget): void {
  response
    .writeHead(200, { etag: `"${eTag}"`, "content-length": 0, "x-ms-copy-id": copyId, "x-ms-copy-status": copyStatus })
    .end();
}
