import * as v from "valibot";
import { count, text } from "../entryParts.ts";

/** What is known about the delivery of one version of a blob to one function. */
interface VersionReceipt {
  readonly etag: string;
  readonly attempts: number;
  readonly isDone: boolean;
}

export interface Receipt extends VersionReceipt {
  readonly container: string;
  readonly name: string;
}

/** `forget` drops whole blobs, or only one version of them if it has an ETag. */
export type ReceiptEntry =
  | { readonly k: "receipt"; readonly fn: string; readonly receipt: Receipt }
  | { readonly k: "forget"; readonly fn: string; readonly blobs: readonly string[]; readonly etag?: string };

const receipt = v.object({ container: text, name: text, etag: text, attempts: count, isDone: v.boolean() });

const receiptEntry = v.variant("k", [
  v.object({ k: v.literal("receipt"), fn: text, receipt }),
  v.object({ k: v.literal("forget"), fn: text, blobs: v.array(text), etag: v.optional(text) }),
]);

/**
 * Which version of which blob has been delivered to which function. Of the delivered versions only the last is kept, of
 * the others all: events come in any order and do not say which version is the newest.
 *
 * There is one for each blob, so what is in memory of it is little.
 */
export class BlobReceipts {
  /** By function, then by blob. */
  readonly #byFunction = new Map<string, Map<string, readonly VersionReceipt[]>>();

  check(entry: unknown): void {
    v.parse(receiptEntry, entry);
  }

  apply(entry: ReceiptEntry): void {
    const blobs = this.#byFunction.get(entry.fn) ?? new Map<string, readonly VersionReceipt[]>();
    this.#byFunction.set(entry.fn, blobs);
    if (entry.k === "receipt") {
      const { etag, attempts, isDone } = entry.receipt;
      const key = blobKey(entry.receipt);
      const others = blobs.get(key)?.filter((known) => known.etag !== etag && !(isDone && known.isDone)) ?? [];
      blobs.set(key, others.concat({ etag, attempts, isDone }));
      return;
    }
    for (const blob of entry.blobs) {
      const left = entry.etag === undefined ? [] : (blobs.get(blob)?.filter(({ etag }) => etag !== entry.etag) ?? []);
      if (left.length > 0) blobs.set(blob, left);
      else blobs.delete(blob);
    }
  }

  *snapshot(): Iterable<ReceiptEntry> {
    for (const fn of this.#byFunction.keys()) {
      for (const receipt of this.of(fn)) yield { k: "receipt", fn, receipt };
    }
  }

  find(fn: string, blob: string, etag: string): VersionReceipt | undefined {
    return this.#byFunction
      .get(fn)
      ?.get(blob)
      ?.find((known) => known.etag === etag);
  }

  *of(fn: string): Iterable<Receipt> {
    for (const [blob, versions] of this.#byFunction.get(fn) ?? []) {
      const end = blob.indexOf("/");
      const [container, name] = [blob.slice(0, end), blob.slice(end + 1)];
      for (const version of versions) yield { container, name, ...version };
    }
  }

  /** The blobs that have receipts. */
  blobsOf(fn: string): Iterable<string> {
    return this.#byFunction.get(fn)?.keys() ?? [];
  }
}

/** A container's name holds no slash. */
export function blobKey({ container, name }: { readonly container: string; readonly name: string }): string {
  return `${container}/${name}`;
}

/** Listings give an ETag without the quotes that it has in headers. */
export function bareEtag(etag: string | undefined): string {
  return (etag ?? "").replaceAll('"', "");
}
