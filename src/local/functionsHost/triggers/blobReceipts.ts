/** What is known of the delivery of one blob to one function. */
export interface Receipt {
  readonly container: string;
  readonly name: string;
  readonly etag: string;
  readonly attempts: number;
  readonly isDone: boolean;
}

/** Forgetting is of whole blobs, or of one version of them where an ETag is given. */
export type ReceiptEntry =
  | { readonly k: "receipt"; readonly fn: string; readonly receipt: Receipt }
  | { readonly k: "forget"; readonly fn: string; readonly blobs: readonly string[]; readonly etag?: string };

/** By ETag. */
type Versions = Map<string, Receipt>;

/**
 * Which version of which blob has been delivered to which function. Of the versions that are done only the last one is
 * kept; those that are not, all: events come in any order, and which version is the newest they do not say.
 */
export class BlobReceipts {
  readonly #byFunction = new Map<string, Map<string, Versions>>();

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

  /** The blobs of which anything is known. */
  blobsOf(fn: string): Iterable<string> {
    return this.#byFunction.get(fn)?.keys() ?? [];
  }
}

export function blobKey({ container, name }: { readonly container: string; readonly name: string }): string {
  return `${container}/${name}`;
}

/** Listings show an ETag without the quotes that headers have. */
export function bareEtag(etag: string | undefined): string {
  return (etag ?? "").replaceAll('"', "");
}
