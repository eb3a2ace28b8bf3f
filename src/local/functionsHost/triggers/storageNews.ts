import type { BlobNews } from "../../kit/blobNews.ts";
import { errorMessage } from "../../kit/errorText.ts";
import { followNews } from "../../kit/newsFile.ts";
import type { Logger } from "../log.ts";
import type { BlobDelivery } from "./blobDelivery.ts";
import type { BlobFunction } from "./blobFunction.ts";
import { bareEtag } from "./blobReceipts.ts";

/**
 * Offers each blob for delivery as soon as storage tells of it, which spares the wait for the next listing. News may be
 * missed: what counts is what the listings find. Returns what ends it.
 */
export function followBlobNews(
  file: string,
  targets: readonly BlobFunction[],
  delivery: Pick<BlobDelivery, "offer">,
  log: Logger,
): () => void {
  const giveUp = (error: unknown): void => {
    log.write("warning", "Host", `Blobs are noticed by polling only, not from ${file}: ${errorMessage(error)}`);
  };
  try {
    return followNews<BlobNews>(file, (news) => offerTo(targets, delivery, news), giveUp);
  } catch (error) {
    giveUp(error);
    return () => undefined;
  }
}

function offerTo(
  targets: readonly BlobFunction[],
  delivery: Pick<BlobDelivery, "offer">,
  { container, name, etag }: BlobNews,
): void {
  for (const target of targets) {
    if (target.pattern.container !== container || target.pattern.match(name) === undefined) continue;
    delivery.offer(target, { container, name, etag: bareEtag(etag) });
  }
}
