import { createReadStream, createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { pipeline } from "node:stream/promises";
import { TRANSFER_ATTEMPTS } from "../limits.ts";

/** The storage service answered, but not with success. */
export class TransferError extends Error {
  override readonly name = "TransferError";
  readonly status: number;

  constructor(status: number, reason: string) {
    super(reason);
    this.status = status;
  }
}

/** Streams what a URL holds into a file. */
export async function download(url: string, path: string, mode: number, signal: AbortSignal): Promise<void> {
  await repeated(signal, async () => {
    const response = await send(url, { method: "GET", signal });
    await pipeline(response, createWriteStream(path, { mode }), { signal });
  });
}

/** Streams a file into a block blob, replacing what is there. */
export async function upload(path: string, url: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const { size } = await stat(path);
  await repeated(undefined, async () => {
    const all = { "x-ms-blob-type": "BlockBlob", ...headers, "content-length": String(size) };
    const response = await send(url, { method: "PUT", headers: all }, path);
    response.resume();
  });
}

/** A 4xx would only come again; anything else may pass. */
async function repeated(signal: AbortSignal | undefined, action: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await action();
      return;
    } catch (error) {
      const isFinal = error instanceof TransferError && error.status < 500 && error.status !== 429;
      if (isFinal || attempt === TRANSFER_ATTEMPTS || signal?.aborted === true) throw error;
    }
  }
}

/** Adds the name to the path of the container's URL, so that the signature stays after it. */
export function blobUrl(containerUrl: string, blobName: string): string {
  const url = new URL(containerUrl);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${blobName.split("/").map(encodeURIComponent).join("/")}`;
  return url.href;
}

interface RequestOptions {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

function send(url: string, options: RequestOptions, bodyPath?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith("https:") ? httpsRequest : httpRequest)(url, options, (response) => {
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        resolve(response);
        return;
      }
      response.resume();
      reject(new TransferError(status, `${status} ${response.statusMessage ?? ""}`.trim()));
    });
    request.on("error", reject);
    if (bodyPath === undefined) request.end();
    // A server may refuse before it has read everything; its answer then says more than the broken stream does.
    else pipeline(createReadStream(bodyPath), request).catch(reject);
  });
}
