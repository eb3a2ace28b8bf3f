import * as v from "valibot";
import { count, text } from "../entryParts.ts";

/** What is known about the delivery of one blob to one function. */
export interface Receipt {
  readonly container: string;
  readonly name: string;
  readonly etag: string;
  readonly attempts: number;
  readonly isDone: boolean;
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

/** By ETag. */
type Versions = Map<string, Receipt>;

/**
 * Which version of which blob has been delivered to which function. Of the delivered versions only the last is kept, of
 * the others all: events come in any order and do not say which version is the newest.
 */
export class BlobReceipts {
  readonly #byFunction = new Map<string, Map<string, Versions>>();

  check(entry: unknown): void {
    v.parse(receiptEntry, entry);
  }

  apply(entry: ReceiptEntry): void {
    const blobs = this.#byFunction.get(entry.fn) ?? new Map<string, Versions>();
    this.#byFunction.set(entry.fn, blobs);
    if (entry.k === "receipt") {
      const versions = blobs.get(blobKey(entry.receipt)) ?? new Map<string, Receipt>();
      blobs.set(blobKey(entry.receipt), versions);
      if (entry.receipt.isDone) for (const { etag, isDone } of versions.values()) if (isDone) versions.delete(etag);
      versions.set(entry.receipt.etag, entry.receipt);
      return;
    }
    for (const blob of entry.blobs) {
      const versions = blobs.get(blob);
      if (entry.etag !== undefined) versions?.delete(entry.etag);
      if (entry.etag === undefined || versions?.size === 0) blobs.delete(blob);
    }
  }

  *snapshot(): Iterable<ReceiptEntry> {
    for (const fn of this.#byFunction.keys()) {
      for (const receipt of this.of(fn)) yield { k: "receipt", fn, receipt };
    }
  }

  find(fn: string, blob: string, etag: string): Receipt | undefined {
    return this.#byFunction.get(fn)?.get(blob)?.get(etag);
  }

  *of(fn: string): Iterable<Receipt> {
    for (const versions of this.#byFunction.get(fn)?.values() ?? []) yield* versions.values();
  }

  /** The blobs that have receipts. */
  blobsOf(fn: string): Iterable<string> {
    return this.#byFunction.get(fn)?.keys() ?? [];
  }
}

export function blobKey({ container, name }: { readonly container: string; readonly name: string }): string {
  return `${container}/${name}`;
}

/** Listings give an ETag without the quotes that it has in headers. */
export function bareEtag(etag: string | undefined): string {
  return (etag ?? "").replaceAll('"', "");
}
