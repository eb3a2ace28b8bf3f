import type { BlobNews } from "../../kit/blobNews.ts";
import { errorMessage } from "../../kit/errorText.ts";
import { followNews } from "../../kit/newsFile.ts";
import type { Logger } from "../log.ts";
import type { BlobDelivery } from "./blobDelivery.ts";
import type { BlobFunction } from "./blobFunction.ts";
import { bareEtag } from "./blobReceipts.ts";

/**
 * Offers each blob for delivery as soon as storage tells of it, which spares the wait for the next listing. News may be
 * missed: what counts is what the listings find.
 */
export class StorageNews {
  readonly #file: string;
  readonly #targets: readonly BlobFunction[];
  readonly #delivery: Pick<BlobDelivery, "offer">;
  readonly #log: Logger;
  #stop: (() => void) | undefined;

  constructor(file: string, targets: readonly BlobFunction[], delivery: Pick<BlobDelivery, "offer">, log: Logger) {
    this.#file = file;
    this.#targets = targets;
    this.#delivery = delivery;
    this.#log = log;
  }

  /** Whether news arrive at present. */
  get isFollowed(): boolean {
    return this.#stop !== undefined;
  }

  follow(): void {
    try {
      this.#stop = followNews<BlobNews>(
        this.#file,
        (news) => offerTo(this.#targets, this.#delivery, news),
        (error) => this.#giveUp(error),
      );
    } catch (error) {
      this.#giveUp(error);
    }
  }

  stop(): void {
    this.#stop?.();
    this.#stop = undefined;
  }

  #giveUp(error: unknown): void {
    this.#stop = undefined;
    const message = `Blobs are noticed by polling only, not from ${this.#file}: ${errorMessage(error)}`;
    this.#log.write("warning", "Host", message);
  }
}

function offerTo(
  targets: readonly BlobFunction[],
  delivery: Pick<BlobDelivery, "offer">,
  { container, name, etag, head }: BlobNews,
): void {
  for (const target of targets) {
    if (target.pattern.container !== container || target.pattern.match(name) === undefined) continue;
    delivery.offer(target, { container, name, etag: bareEtag(etag), ...(head !== undefined && { head }) });
  }
}
