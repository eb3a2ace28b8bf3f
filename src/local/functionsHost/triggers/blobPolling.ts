import type { Cancel, Clock } from "../../kit/clock.ts";
import { errorMessage } from "../../kit/errorText.ts";
import type { Logger } from "../log.ts";
import type { BlobDelivery } from "./blobDelivery.ts";
import type { BlobFunction } from "./blobFunction.ts";
import { bareEtag, blobKey } from "./blobReceipts.ts";
import type { BlobReceipts } from "./blobReceipts.ts";

interface BlobPollingOptions {
  readonly target: BlobFunction;
  readonly delivery: Pick<BlobDelivery, "offer" | "forget">;
  readonly receipts: BlobReceipts;
  readonly clock: Clock;
  readonly intervalMs: number;
  /** Asked after each listing: whether storage tells of new blobs, so that listings find only what was missed. */
  readonly isTold: () => boolean;
  /** How long the storage may be silent before a listing counts as failed; a minute if not given. */
  readonly silenceMs?: number;
  readonly log: Logger;
}

/** The client on its own would wait for ever, and no upload would be noticed any more. */
const SILENCE_MS = 60_000;
/** Polling may take a tenth of the time: after a long listing the next one waits. */
const MAX_DUTY = 0.1;
/** Where storage tells of new blobs, a four-hundredth, within these bounds: a few blobs are listed often, many seldom. */
const TOLD_DUTY = 0.0025;
const TOLD_INTERVAL_MS = { min: 2_000, max: 10_000 };

/** Lists the container of a blob trigger over and over, and offers what it finds for delivery. */
export class BlobPolling {
  readonly #options: BlobPollingOptions;
  #cancel: () => void = () => undefined;
  #isStopped = false;
  #isFailing = false;

  constructor(options: BlobPollingOptions) {
    this.#options = options;
  }

  start(): void {
    void this.#poll();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  async #poll(): Promise<void> {
    const { clock, intervalMs, isTold } = this.#options;
    const startedAt = clock.now();
    let pauseMs = intervalMs;
    try {
      await this.#list();
      this.#isFailing = false;
      pauseMs = pauseAfterListing(clock.now() - startedAt, intervalMs, isTold());
    } catch (error) {
      this.#notice(error);
    }
    if (this.#isStopped) return;
    this.#cancel = clock.after(pauseMs, () => void this.#poll());
  }

  async #list(): Promise<void> {
    const { target, delivery, receipts, clock, silenceMs = SILENCE_MS } = this.#options;
    const { container, prefix } = target.pattern;
    const gone = new Set(receipts.blobsOf(target.fn.name));
    const silence = new AbortController();
    const startWaiting = (): Cancel => clock.after(silenceMs, () => silence.abort());
    let stopWaiting = startWaiting();
    const options = { prefix, abortSignal: silence.signal };
    try {
      for await (const { name, properties } of target.service.getContainerClient(container).listBlobsFlat(options)) {
        stopWaiting();
        if (this.#isStopped) return;
        const blob = { container, name, etag: bareEtag(properties.etag) };
        gone.delete(blobKey(blob));
        if (target.pattern.match(name) !== undefined) delivery.offer(target, blob);
        stopWaiting = startWaiting();
      }
    } finally {
      stopWaiting();
    }
    delivery.forget(target, [...gone]);
  }

  /** Says so once when polling starts to fail, not at every poll. A missing container may still come. */
  #notice(error: unknown): void {
    const { target, log } = this.#options;
    if ((error as { statusCode?: number }).statusCode === 404 || this.#isFailing || this.#isStopped) return;
    this.#isFailing = true;
    const { container } = target.pattern;
    log.write(
      "warning",
      `Function.${target.fn.name}`,
      `Cannot list the container "${container}", still trying: ${errorMessage(error)}`,
    );
  }
}

/** A listing is dear: a container of hundreds of blobs takes tens of milliseconds of processor time. */
export function pauseAfterListing(spentMs: number, intervalMs: number, isTold: boolean): number {
  const { min, max } = TOLD_INTERVAL_MS;
  const toldMs = isTold ? Math.min(Math.max(min, spentMs / TOLD_DUTY), max) : 0;
  return Math.max(Math.max(intervalMs, toldMs) - spentMs, spentMs / MAX_DUTY, 1);
}
