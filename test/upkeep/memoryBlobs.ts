import { ConflictError, StorageError } from "../../src/model/errors.ts";
import type { BlobPage, BlobStore, ListedBlob } from "../../src/services.ts";

interface StoredBlob extends ListedBlob {
  readonly text: string;
}

/** Orders of names that accounts may have. */
export const ORDERS = {
  codeUnits: (one: string, other: string): number => (one < other ? -1 : Number(one > other)),
  bytes: (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other)),
  /** A hierarchical namespace goes through a folder where it meets it. */
  folders: (one: string, other: string): number =>
    ORDERS.codeUnits(one.replaceAll("/", "\u0000"), other.replaceAll("/", "\u0000")),
};

/** A container too large for a test, in memory, for what only lists, and reads and writes small blobs under conditions. */
export class MemoryBlobs {
  /** How often a page was listed, by container. */
  readonly listed: Record<string, number> = {};
  refusesTokens = false;
  readonly #blobs = new Map<string, Map<string, StoredBlob>>();
  readonly #order: (one: string, other: string) => number;
  #sorted = new Map<string, StoredBlob[]>();
  #versions = 0;

  constructor(order = ORDERS.codeUnits) {
    this.#order = order;
  }

  put(container: string, name: string, { text = "", metadata = {}, lastModified = new Date(0) } = {}): string {
    const eTag = `0x${++this.#versions}`;
    const blobs = this.#blobs.get(container) ?? new Map<string, StoredBlob>();
    this.#blobs.set(container, blobs.set(name, { name, text, metadata, lastModified, eTag, sizeBytes: text.length }));
    this.#sorted.delete(container);
    return eTag;
  }

  find(container: string, name: string): StoredBlob | undefined {
    return this.#blobs.get(container)?.get(name);
  }

  names(container: string): string[] {
    return this.#inOrder(container).map(({ name }) => name);
  }

  remove(container: string, name: string): void {
    this.#blobs.get(container)?.delete(name);
    this.#sorted.delete(container);
  }

  /** A continuation token says after which name its page begins, so what comes and goes before it changes nothing. */
  readonly store = {
    list: (container, options = {}) => this.#list(container, options),
    readText: async ({ container, name }) => this.find(container, name),
    properties: async ({ container, name }) => {
      const found = this.find(container, name);
      return found && { ...found, contentType: "", isCopying: false };
    },
    writeText: async ({ container, name }, text, { condition, metadata = {} }) => {
      this.#check(container, name, condition);
      this.put(container, name, { text, metadata });
    },
    delete: async ({ container, name }, condition) => {
      if (this.find(container, name) === undefined) return;
      this.#check(container, name, condition);
      this.remove(container, name);
    },
  } satisfies Partial<BlobStore> as unknown as BlobStore;

  async *#list(
    container: string,
    { prefix = "", from, pageSize = 5_000 }: NonNullable<Parameters<BlobStore["list"]>[1]>,
  ): AsyncGenerator<BlobPage> {
    for (let token = from; ;) {
      this.listed[container] = (this.listed[container] ?? 0) + 1;
      if (token !== undefined && this.refusesTokens) {
        throw new StorageError("Refused", { code: "OutOfRangeInput", statusCode: 400 });
      }
      const inOrder = this.#inOrder(container);
      const all = prefix === "" ? inOrder : inOrder.filter(({ name }) => name.startsWith(prefix));
      const after = token === undefined ? undefined : Buffer.from(token, "hex").toString();
      const begin = after === undefined ? 0 : firstAfter(all, after, this.#order);
      const blobs = all.slice(begin, begin + pageSize);
      const last = blobs.at(-1);
      const isLast = begin + pageSize >= all.length || last === undefined;
      token = isLast ? undefined : Buffer.from(last.name).toString("hex");
      yield { blobs, next: token };
      if (isLast) return;
    }
  }

  #inOrder(container: string): StoredBlob[] {
    const known = this.#sorted.get(container);
    if (known !== undefined) return known;
    const blobs = [...(this.#blobs.get(container)?.values() ?? [])];
    const sorted = blobs.toSorted((one, other) => this.#order(one.name, other.name));
    this.#sorted.set(container, sorted);
    return sorted;
  }

  #check(container: string, name: string, condition: { readonly eTag: string | null } | undefined): void {
    const eTag = this.find(container, name)?.eTag ?? null;
    if (condition === undefined || condition.eTag === eTag) return;
    throw new ConflictError("Somebody else has just changed it");
  }
}

function firstAfter(
  sorted: readonly ListedBlob[],
  name: string,
  order: (one: string, other: string) => number,
): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order(sorted[middle]?.name ?? "", name) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
