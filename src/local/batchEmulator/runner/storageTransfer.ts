import { constants, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { pipeline } from "node:stream/promises";
import { PIECE_BYTES, pieces } from "../../kit/pieces.ts";
import { downloadPlainly, isPlain } from "./plainDownload.ts";
import { TransferError, withRetries } from "./transferRetries.ts";
import type { TransferContext } from "./transferRetries.ts";

/** In real time, even where the emulator's own time runs faster: the service's does not. */
const IDLE_MS = 60_000;

/** Streams what a URL holds into a file. */
export async function download(url: string, path: string, mode: number, context: TransferContext): Promise<void> {
  const { signal, idleMs = IDLE_MS, sign = asItIs } = context;
  await withRetries(context, async () => {
    const signed = new URL(await sign(url));
    const options = { signal, idleMs, idleError: () => idleError(idleMs) };
    if (isPlain(signed) && (await downloadPlainly(signed, path, mode, options))) return;
    const response = await send(signed, { method: "GET", signal, idleMs });
    await pipeline(response, createWriteStream(path, { mode, highWaterMark: PIECE_BYTES }), { signal });
  });
}

/** Streams a file into a block blob, replacing what is there. Throws if the path is a link. */
export async function upload(
  path: string,
  url: string,
  headers: Readonly<Record<string, string>>,
  context: TransferContext,
): Promise<void> {
  const { signal, idleMs = IDLE_MS, sign = asItIs } = context;
  await withRetries(context, async () => {
    const signed = new URL(await sign(url));
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    const piece = pieces.take();
    try {
      const { size } = await file.stat();
      const all = { "x-ms-blob-type": "BlockBlob", ...headers, "content-length": String(size) };
      const response = await send(signed, { method: "PUT", headers: all, signal, idleMs }, exactly(size, file, piece));
      response.resume();
    } finally {
      await file.close();
    }
    // Not after a failure: the connection may still have it. Nor earlier: a service that answers before it has all of
    // the file may do so while the piece is being filled, and that is over when the file is closed.
    pieces.giveBack(piece);
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
 * would be read as the next request on the connection. Throws if there are fewer. All of it comes in the same piece of
 * memory, which is filled anew when the next bytes are asked for.
 */
async function* exactly(size: number, file: FileHandle, piece: Buffer): AsyncIterable<Buffer> {
  for (let position = 0; position < size;) {
    // Always as much as there is room for: a request that is given little at a time asks for more before that is sent.
    const length = Math.min(piece.length, size - position);
    for (let filled = 0; filled < length;) {
      const { bytesRead } = await file.read(piece, filled, length - filled, position + filled);
      filled += bytesRead;
      if (bytesRead > 0) continue;
      throw new Error(`The file became ${size - position - filled} bytes shorter while it was uploaded`);
    }
    yield piece.subarray(0, length);
    position += length;
  }
}

interface RequestOptions {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly idleMs: number;
}

function send(
  url: URL,
  { idleMs, ...options }: RequestOptions,
  body?: AsyncIterable<Buffer>,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const openRequest = url.protocol === "https:" ? httpsRequest : httpRequest;
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
