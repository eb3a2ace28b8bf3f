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
  /** Asked before each listing, for the pause after it. */
  readonly intervalMs: () => number;
  /** How long the storage may be silent before a listing counts as failed; a minute if not given. */
  readonly silenceMs?: number;
  readonly log: Logger;
}

/** The client on its own would wait for ever, and no upload would be noticed any more. */
const SILENCE_MS = 60_000;
/** Polling may take a tenth of the time: after a long listing the next one waits. */
const MAX_DUTY = 0.1;

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
    const { clock } = this.#options;
    const startedAt = clock.now();
    let pauseMs = this.#options.intervalMs();
    try {
      await this.#list();
      this.#isFailing = false;
      const spent = clock.now() - startedAt;
      pauseMs = Math.max(pauseMs - spent, spent / MAX_DUTY, 1);
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
