import type { UploadTicket } from "../model/upload.ts";

const BLOCKS_AT_ONCE = 2;
const MAX_TRIES = 7;
const SILENCE_MS = 60_000;
/** A line of half a megabit is among the slowest. */
const SLOWEST_BYTES_PER_MS = 64;
/** Each silence takes its time before the user learns of it. */
const MAX_SILENT_TRIES = 2;

/** What storage refuses for good, or the file cannot be read. */
export class UploadError extends Error {
  override readonly name = "UploadError";
}

interface BlockUpload {
  readonly file: File;
  /** Asked again when the URL has expired. */
  readonly ticket: () => Promise<UploadTicket>;
  readonly onProgress: (loadedBytes: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Uploads a file straight to storage, block by block, each with retries. Returns the ETag of the blob without quotes,
 * empty if the answer that told it was lost.
 * Nothing can be seen of the blob before its last request has succeeded. Throws the signal's reason when it is aborted.
 * https://learn.microsoft.com/rest/api/storageservices/put-block
 */
export async function uploadInBlocks({ file, ticket, onProgress, signal }: BlockUpload): Promise<string> {
  let current = await ticket();
  const { blockBytes } = current;
  const count = Math.ceil(file.size / blockBytes);
  const ids = blockIds(count);
  const loaded = Array.from({ length: count }, () => 0);
  const report = (index: number, bytes: number): void => {
    loaded[index] = bytes;
    onProgress(loaded.reduce((sum, part) => sum + part, 0));
  };

  const put = async (query: string, body: Blob, headers: Record<string, string>, onBytes: (bytes: number) => void) => {
    let isUncertain = false;
    let silentTries = 0;
    for (let tries = 1; ; tries += 1) {
      const answer = await send(`${current.url}&${query}`, body, headers, onBytes, signal);
      if (answer.status === 201 || (isUncertain && "if-none-match" in headers && isTaken(answer))) return answer;
      isUncertain ||= answer.status === 0 || answer.status >= 500;
      if (answer.isSilent) silentTries += 1;
      if (tries === MAX_TRIES || silentTries === MAX_SILENT_TRIES || !mayGoBetter(answer.status)) throw refusal(answer);
      onBytes(0);
      await pause(pauseMs(tries), signal);
      if (answer.status === 403) current = await ticket();
    }
  };

  const queue = ids.entries();
  const work = async (): Promise<void> => {
    for (const [index, id] of queue) {
      const block = file.slice(index * blockBytes, (index + 1) * blockBytes);
      await put(`comp=block&blockid=${encodeURIComponent(id)}`, await readable(block), {}, (bytes) =>
        report(index, bytes),
      );
      report(index, block.size);
    }
  };
  await Promise.all(Array.from({ length: BLOCKS_AT_ONCE }, work));

  const list = `<?xml version="1.0" encoding="utf-8"?><BlockList>${ids.map((id) => `<Latest>${id}</Latest>`).join("")}</BlockList>`;
  const { "x-ms-blob-type": _, ...headers } = current.headers;
  const done = await put("comp=blocklist", new Blob([list]), headers, () => {});
  return (done.eTag ?? "").replaceAll('"', "");
}

/**
 * As long as those of the Azure libraries, because all blocks of a blob need ids of one length, and random, so that the blocks
 * of two files that are uploaded under one name at once do not get into one blob.
 */
function blockIds(count: number): string[] {
  const random = Array.from(crypto.getRandomValues(new Uint8Array(18)), (byte) => byte.toString(16).padStart(2, "0"));
  return Array.from({ length: count }, (_, index) => btoa(random.join("") + String(index).padStart(12, "0")));
}

/**
 * How long nothing may be sent or received until a try counts as failed: a connection that has died says nothing at all.
 * Neither does a request that waits for one of the few connections of the browser, nor one of which a proxy has taken
 * everything and sends it on, so there is time for its bytes.
 */
export function silenceBoundMs(bodyBytes: number): number {
  return SILENCE_MS + bodyBytes / SLOWEST_BYTES_PER_MS;
}

interface Answer {
  /** 0: there was none. */
  readonly status: number;
  /** There was none, and nothing else either, for too long. */
  readonly isSilent: boolean;
  readonly eTag: string | null;
  readonly code: string | null;
}

/** `fetch` does not say how much of a body has been sent. */
function send(
  url: string,
  body: Blob,
  headers: Readonly<Record<string, string>>,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    const abort = (): void => request.abort();
    let isSilent = false;
    let silence: number | undefined;
    const awaitNews = (): void => {
      window.clearTimeout(silence);
      silence = window.setTimeout(() => {
        isSilent = true;
        request.abort();
      }, silenceBoundMs(body.size));
    };
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", ({ loaded }) => {
      awaitNews();
      onBytes(loaded);
    });
    request.addEventListener("abort", () => {
      if (!isSilent) reject(signal.reason as Error);
    });
    request.addEventListener("loadend", () => {
      window.clearTimeout(silence);
      signal.removeEventListener("abort", abort);
      const { status } = request;
      // Asking for a header that is not there is an error to browsers, if the answer is of another origin.
      const eTag = status === 201 ? request.getResponseHeader("etag") : null;
      const code = status >= 400 ? request.getResponseHeader("x-ms-error-code") : null;
      resolve({ status, isSilent, eTag, code });
    });
    signal.addEventListener("abort", abort, { once: true });
    awaitNews();
    request.send(body);
  });
}

/** There is a blob of that name. Where an earlier try may have succeeded although its answer was lost, it is ours. */
function isTaken({ status }: Answer): boolean {
  return status === 409 || status === 412;
}

/** 403: the URL has expired. A new one settles that, or shows that it was something else. */
function mayGoBetter(status: number): boolean {
  return status === 0 || status === 403 || status === 408 || status === 429 || status >= 500;
}

function refusal(answer: Answer): UploadError {
  const { status, code } = answer;
  if (status === 0) return new UploadError("Storage does not answer.");
  if (isTaken(answer)) return new UploadError("A file of that name has arrived in the meantime.");
  return new UploadError(`Storage refuses the file: ${code ?? status}.`);
}

/** A file that is written to or deleted cannot be read any more: the request would fail without a reason. */
async function readable(block: Blob): Promise<Blob> {
  try {
    await block.slice(0, 1).arrayBuffer();
    return block;
  } catch {
    throw new UploadError("The file has changed, or can no longer be read.");
  }
}

/** 0.5 s, doubled each time, and up to half as much again, so that not all come back at once. */
function pauseMs(tries: number): number {
  return 500 * 2 ** (tries - 1) * (1 + Math.random() / 2);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = window.setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      window.clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
