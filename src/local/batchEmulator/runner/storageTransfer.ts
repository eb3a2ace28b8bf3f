import { constants, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { pipeline } from "node:stream/promises";
import { TransferError, withRetries } from "./transferRetries.ts";
import type { TransferContext } from "./transferRetries.ts";

/** In real time, even where the emulator's own time runs faster: the service's does not. */
const IDLE_MS = 60_000;

/** Streams what a URL holds into a file. */
export async function download(url: string, path: string, mode: number, context: TransferContext): Promise<void> {
  const { signal, idleMs, sign = asItIs } = context;
  await withRetries(context, async () => {
    const response = await send(await sign(url), { method: "GET", signal, idleMs });
    await pipeline(response, createWriteStream(path, { mode }), { signal });
  });
}

/** Streams a file into a block blob, replacing what is there. Throws if the path is a link. */
export async function upload(
  path: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  context: TransferContext,
): Promise<void> {
  const { signal, idleMs, sign = asItIs } = context;
  await withRetries(context, async () => {
    const signed = await sign(url);
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { size } = await file.stat();
      const all = { "x-ms-blob-type": "BlockBlob", ...headers, "content-length": String(size) };
      const response = await send(signed, { method: "PUT", headers: all, signal, idleMs }, exactly(size, file));
      response.resume();
    } finally {
      await file.close();
    }
  });
}

function asItIs(url: string): Promise<string> {
  return Promise.resolve(url);
}

/** Adds the name to the path of the container's URL, so that the signature stays after it. */
export function blobUrl(containerUrl: string, blobName: string): string {
  const url = new URL(containerUrl);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${blobName.split("/").map(encodeURIComponent).join("/")}`;
  return url.href;
}

/**
 * As many bytes of the file as the request has announced: something may still be writing to it, and what came after them
 * would be read as the next request on the connection. Throws if there are fewer.
 */
async function* exactly(size: number, file: FileHandle): AsyncIterable<Buffer> {
  let missing = size;
  if (size > 0) {
    const content = file.createReadStream({ start: 0, end: size - 1, autoClose: false });
    for await (const chunk of content as AsyncIterable<Buffer>) {
      missing -= chunk.length;
      yield chunk;
    }
  }
  if (missing > 0) throw new Error(`The file became ${missing} bytes shorter while it was uploaded`);
}

interface RequestOptions {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly idleMs: number | undefined;
}

function send(
  url: string,
  { idleMs = IDLE_MS, ...options }: RequestOptions,
  body?: AsyncIterable<Buffer>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const openRequest = url.startsWith("https:") ? httpsRequest : httpRequest;
    const request = openRequest(url, { ...options, timeout: idleMs }, (response) => {
      request.on("timeout", () => response.destroy(idleError(idleMs)));
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) {
        resolve(response);
      } else {
        response.resume();
        reject(new TransferError(status, `${status} ${response.statusMessage ?? ""}`.trim()));
      }
      // Whoever answers before the end may never read the rest.
      if (!request.writableEnded) request.destroy();
    });
    request.on("timeout", () => request.destroy(idleError(idleMs)));
    request.on("error", reject);
    if (body === undefined) request.end();
    // A server may refuse before it has read everything; its answer then says more than the broken stream does.
    else pipeline(body, request).catch(reject);
  });
}

/** With the code of a connection that has timed out, which it may be. */
function idleError(idleMs: number): Error {
  return Object.assign(new Error(`no byte came or went for ${idleMs / 1000} s`), { code: "ETIMEDOUT" });
}
