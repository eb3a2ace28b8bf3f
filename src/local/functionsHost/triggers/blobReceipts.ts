/** What is known of the delivery of one blob to one function. */
export interface Receipt {
  readonly container: string;
  readonly name: string;
  readonly etag: string;
  readonly attempts: number;
  readonly isDone: boolean;
}

export type ReceiptEntry =
  | { readonly k: "receipt"; readonly fn: string; readonly receipt: Receipt }
  | { readonly k: "forget"; readonly fn: string; readonly blobs: readonly string[] };

/** Which version of which blob has been delivered to which function. Only the newest version of a blob is kept. */
export class BlobReceipts {
  readonly #byFunction = new Map<string, Map<string, Receipt>>();

  apply(entry: ReceiptEntry): void {
    const receipts = this.#byFunction.get(entry.fn) ?? new Map<string, Receipt>();
    this.#byFunction.set(entry.fn, receipts);
    if (entry.k === "forget") for (const blob of entry.blobs) receipts.delete(blob);
    else receipts.set(blobKey(entry.receipt), entry.receipt);
  }

  *snapshot(): Iterable<ReceiptEntry> {
    for (const [fn, receipts] of this.#byFunction) {
      for (const receipt of receipts.values()) yield { k: "receipt", fn, receipt };
    }
  }

  find(fn: string, blob: string): Receipt | undefined {
    return this.#byFunction.get(fn)?.get(blob);
  }

  of(fn: string): ReadonlyMap<string, Receipt> {
    return this.#byFunction.get(fn) ?? new Map();
  }
}

export function blobKey({ container, name }: { readonly container: string; readonly name: string }): string {
  return `${container}/${name}`;
}

/** Listings show an ETag without the quotes that headers have. */
export function bareEtag(etag: string | undefined): string {
  return (etag ?? "").replaceAll('"', "");
}
