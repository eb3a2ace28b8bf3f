import { Agent, createServer, request as send } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "../../../src/local/batchEmulator/random.ts";
import { listen } from "../../../src/local/kit/listen.ts";
import { LOOPBACK } from "../../../src/local/kit/loopback.ts";
import { kindOf } from "./requestKinds.ts";

interface ProxyOptions {
  readonly random: Random;
  /** Share of the app's requests that are held, besides the first of each kind. */
  readonly rate: number;
  readonly holdMs: readonly [least: number, most: number];
  readonly count: (fault: string) => void;
  /** What a hold waits for, if not for the time that it is to last. */
  readonly hold?: (ms: number) => Promise<unknown>;
}

const BEING_DELETED_MS = 30_000;

/**
 * Stands between the app with its tasks and the storage. It passes everything on unchanged, also the Host header, which
 * Azurite compares with that of the source of a copy. It can hold single requests or answers of the app, which then
 * sleeps in the middle of an activity, and it can be silent: accept requests and never answer them.
 */
export class StorageProxy {
  readonly port: number;
  readonly #options: ProxyOptions;
  readonly #storagePort: number;
  readonly #server: Server;
  /** Azurite may be killed while a connection is idle. */
  readonly #agent = new Agent({ keepAlive: false });
  readonly #heldKinds = new Set<string>();
  readonly #uploads = new Map<string, () => void>();
  /** Until when each container that was deleted cannot be made again, by `performance.now()`. */
  readonly #beingDeleted = new Map<string, number>();
  #afterCopy: (() => void) | undefined;
  #afterReport: ((blobName: string, eTag: string) => void) | undefined;
  #isSilent = false;

  private constructor(server: Server, port: number, storagePort: number, options: ProxyOptions) {
    this.#server = server;
    this.port = port;
    this.#storagePort = storagePort;
    this.#options = options;
    server.on("request", (request: IncomingMessage, response: ServerResponse) => {
      // Both end with an error when the other side is killed; whoever sent the request sees a broken connection.
      void this.#pass(request, response).catch(() => response.destroy());
    });
  }

  /** `storagePort`: where the storage listens, or will. */
  static async start(storagePort: number, options: ProxyOptions): Promise<StorageProxy> {
    const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 });
    return new StorageProxy(server, await listen(server, { port: 0 }), storagePort, options);
  }

  /** From now on, what comes in is never answered, also later. */
  beSilent(isSilent: boolean): void {
    this.#isSilent = isSilent;
  }

  /**
   * To be called when a container is deleted: on Azure it cannot be made again for half a minute at least, in Azurite it
   * can at once. https://learn.microsoft.com/rest/api/storageservices/delete-container#remarks
   */
  keepDeleted(container: string): void {
    this.#beingDeleted.set(container, performance.now() + BEING_DELETED_MS);
  }

  /** Calls once, right after the app has been told that a result was copied to the output container. */
  afterNextCopy(action: () => void): void {
    this.#afterCopy = action;
  }

  /** Calls whenever a task has uploaded its report. */
  afterEachReport(action: ((blobName: string, eTag: string) => void) | undefined): void {
    this.#afterReport = action;
  }

  /** Calls once, before the first part of a blob with that name reaches the storage. */
  duringUpload(blobName: string, action: () => void): void {
    this.#uploads.set(encodeURIComponent(blobName), action);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { count, hold: wait = delay } = this.#options;
    if (this.#isSilent) {
      count("storage request never answered");
      request.resume();
      return;
    }
    if (this.#isTooEarly(request)) {
      count("container not made again yet");
      request.resume();
      response.writeHead(409, { "x-ms-error-code": "ContainerBeingDeleted", "content-length": 0 }).end();
      return;
    }
    this.#noticeUpload(request);
    const hold = this.#chooseHold(request);
    if (hold === undefined) {
      this.#answer(request, response, await this.#forward(request));
      return;
    }
    // A request on its way arrives, whatever becomes of its sender meanwhile.
    const body = await buffer(request);
    count(`storage ${hold.what} held`);
    if (hold.what === "request") await wait(hold.ms);
    const answer = await this.#forward(request, body);
    if (hold.what === "answer") await wait(hold.ms);
    this.#answer(request, response, answer);
  }

  #forward(request: IncomingMessage, body?: Buffer): Promise<IncomingMessage> {
    const { method, url, rawHeaders } = request;
    return new Promise((resolve, reject) => {
      const options = { host: LOOPBACK, port: this.#storagePort, method, path: url, agent: this.#agent };
      const onward = send({ ...options, headers: withoutConnection(rawHeaders) }, resolve);
      onward.on("error", reject);
      if (body !== undefined) {
        onward.end(body);
        return;
      }
      request.on("error", () => onward.destroy());
      request.on("aborted", () => onward.destroy());
      request.pipe(onward);
    });
  }

  #answer(request: IncomingMessage, response: ServerResponse, answer: IncomingMessage): void {
    response.on("error", () => answer.destroy());
    answer.on("error", () => response.destroy());
    if (isCopyToOutput(request) && this.#afterCopy !== undefined) {
      response.once("finish", this.#afterCopy);
      this.#afterCopy = undefined;
    }
    const report = reportIn(request);
    if (report !== undefined && answer.statusCode === 201) this.#afterReport?.(report, answer.headers.etag ?? "");
    response.writeHead(answer.statusCode ?? 500, answer.statusMessage, withoutConnection(answer.rawHeaders));
    answer.pipe(response);
  }

  #isTooEarly({ method, url = "" }: IncomingMessage): boolean {
    const [, , container = ""] = url.split(/[/?]/);
    const isCreation = method === "PUT" && url.includes("restype=container");
    return isCreation && performance.now() < (this.#beingDeleted.get(container) ?? 0);
  }

  #noticeUpload({ method, url = "" }: IncomingMessage): void {
    if (method !== "PUT" || !url.includes("comp=block&")) return;
    for (const [name, action] of this.#uploads) {
      if (!url.includes(`/input/${name}?`)) continue;
      this.#uploads.delete(name);
      action();
    }
  }

  /** The first of each kind, so that even a short trial stops each activity at each of its requests. */
  #chooseHold(request: IncomingMessage): { readonly what: "request" | "answer"; readonly ms: number } | undefined {
    const kind = kindOf(request);
    if (kind === undefined) return undefined;
    const { random, rate, holdMs } = this.#options;
    const [least, most] = holdMs;
    const isFirst = !this.#heldKinds.has(kind);
    this.#heldKinds.add(kind);
    if (!isFirst && random.number() >= rate) return undefined;
    const ms = least + (most - least) * random.number();
    // The first is held on its way there, which is worse: what it is meant to find may have changed.
    return { what: isFirst || random.number() < 0.5 ? "request" : "answer", ms };
  }
}

function isCopyToOutput({ method, url = "", headers }: IncomingMessage): boolean {
  return method === "PUT" && url.includes("/output/") && headers["x-ms-copy-source"] !== undefined;
}

/** The name of the report that a task uploads. */
function reportIn({ method, url = "" }: IncomingMessage): string | undefined {
  const [, , container, ...name] = new URL(url, "http://storage").pathname.split("/");
  return method === "PUT" && container === "work" && name.at(-1) === "report.json" ? name.join("/") : undefined;
}

/** What two neighbours agree about their connection. */
function withoutConnection(rawHeaders: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = rawHeaders.slice(index, index + 2);
    if (!/^(connection|keep-alive)$/i.test(name)) kept.push(name, value);
  }
  return kept;
}
