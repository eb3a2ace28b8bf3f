import type { BlobHead } from "../../kit/blobNews.ts";
import { errorText } from "../../kit/errorText.ts";
import { Limiter } from "../../kit/limiter.ts";
import type { Logger } from "../log.ts";
import type { RpcTypedData } from "../worker/rpc.ts";
import type { Worker } from "../worker/worker.ts";
import { readBlobInput } from "./blobFunction.ts";
import type { BlobFunction, FoundBlob } from "./blobFunction.ts";
import { blobKey } from "./blobReceipts.ts";
import type { BlobReceipts, Receipt, ReceiptEntry } from "./blobReceipts.ts";

interface BlobDeliveryOptions {
  readonly worker: Worker;
  readonly receipts: BlobReceipts;
  readonly persist: (entry: ReceiptEntry) => void;
  readonly extraInputs: () => Readonly<Record<string, RpcTypedData>>;
  readonly maxDegreeOfParallelism: number;
  readonly poisonBlobThreshold: number;
  readonly putPoisonMessage: (target: BlobFunction, blob: FoundBlob) => Promise<void>;
  readonly log: Logger;
}

/** For how long what storage has told of a blob is taken as it is. The real host asks, just before it calls the function. */
const FRESH_MS = 2000;

/** Delivers blobs to functions, each version until it has succeeded once or failed too often. */
export class BlobDelivery {
  readonly #options: BlobDeliveryOptions;
  readonly #limiter: Limiter;
  readonly #underWay = new Set<string>();
  #isStopped = false;

  constructor(options: BlobDeliveryOptions) {
    this.#options = options;
    this.#limiter = new Limiter(options.maxDegreeOfParallelism);
  }

  /** Does nothing for a version that has been delivered or is on its way. */
  offer(target: BlobFunction, blob: FoundBlob): void {
    const { fn } = target;
    if (this.#options.receipts.find(fn.name, blobKey(blob), blob.etag)?.isDone) return;
    const key = `${fn.name}\n${blobKey(blob)}\n${blob.etag}`;
    if (this.#isStopped || this.#underWay.has(key)) return;
    this.#underWay.add(key);
    const offeredAt = performance.now();
    void this.#limiter.run(async () => {
      try {
        const isFresh = performance.now() - offeredAt < FRESH_MS;
        await this.#deliver(target, blob, isFresh && target.isDeferred ? blob.head : undefined);
      } catch (error) {
        this.#log(
          "warning",
          target,
          `${blobKey(blob)} could not be delivered and will be tried again: ${errorText(error)}`,
        );
      } finally {
        this.#underWay.delete(key);
      }
    });
  }

  /** Notes that a version is to be delivered, so that it will be even after a crash. */
  accept(target: BlobFunction, blob: FoundBlob): void {
    const receipt = this.#options.receipts.find(target.fn.name, blobKey(blob), blob.etag);
    if (receipt === undefined) this.#keep(target, { ...blob, attempts: 0, isDone: false });
    this.offer(target, blob);
  }

  /** Forgets all versions of these blobs, or the given one. */
  forget(target: BlobFunction, blobs: readonly string[], etag?: string): void {
    if (blobs.length === 0 || this.#isStopped) return;
    const entry = { k: "forget", fn: target.fn.name, blobs, ...(etag !== undefined && { etag }) } as const;
    this.#options.persist(entry);
    this.#options.receipts.apply(entry);
  }

  stop(): void {
    this.#isStopped = true;
    this.#limiter.close();
  }

  async #deliver(target: BlobFunction, blob: FoundBlob, head: BlobHead | undefined): Promise<void> {
    const { receipts, poisonBlobThreshold } = this.#options;
    const known = receipts.find(target.fn.name, blobKey(blob), blob.etag);
    let attempts = known?.attempts ?? 0;
    while (attempts < poisonBlobThreshold) {
      const told = head !== undefined && attempts === 0 ? { ...head, etag: `"${blob.etag}"` } : undefined;
      const data = await readBlobInput(target, blob, { told });
      if (this.#isStopped) return;
      if (data === undefined) {
        this.#log("debug", target, `${blobKey(blob)} has changed or is gone: nothing to do for ${blob.etag}`);
        if (known !== undefined) this.forget(target, [blobKey(blob)], blob.etag);
        return;
      }
      attempts++;
      // Noted first: a blob that brings down the whole host must not do so for ever.
      this.#keep(target, { ...blob, attempts, isDone: false });
      if (await this.#attempt(target, data)) {
        this.#keep(target, { ...blob, attempts, isDone: true });
        this.#log("debug", target, `${blobKey(blob)} is delivered`);
        return;
      }
      if (this.#isStopped) return;
    }
    await this.#options.putPoisonMessage(target, blob);
    this.#log("error", target, `${blobKey(blob)} failed ${attempts} times; a message is in the poison queue`);
    this.#keep(target, { ...blob, attempts, isDone: true });
  }

  async #attempt(target: BlobFunction, data: NonNullable<Awaited<ReturnType<typeof readBlobInput>>>): Promise<boolean> {
    try {
      await this.#options.worker.invoke({ fn: target.fn, ...data, extraInputs: this.#options.extraInputs() });
      return true;
    } catch (error) {
      this.#log("error", target, errorText(error));
      return false;
    }
  }

  #keep(target: BlobFunction, receipt: Receipt): void {
    if (this.#isStopped) return;
    const { container, name, etag, attempts, isDone } = receipt;
    const entry = { k: "receipt", fn: target.fn.name, receipt: { container, name, etag, attempts, isDone } } as const;
    this.#options.persist(entry);
    this.#options.receipts.apply(entry);
  }

  #log(level: "debug" | "warning" | "error", target: BlobFunction, message: string): void {
    this.#options.log.write(level, `Function.${target.fn.name}`, message);
  }
}
