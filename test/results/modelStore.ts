import { ConflictError } from "../../src/model/errors.ts";
import { INDEX_FOLDER } from "../../src/results/conversionIndex.ts";
import type { BlobAddress, BlobProperties, BlobStore, IfUnchanged } from "../../src/services.ts";

/** A blob of the model. What is in it is a text, and so is a result. */
export interface ModelBlob extends BlobProperties {
  readonly text: string;
}

/** Lets a request through to the store, at a moment of its choice. */
export type Gate = <Answer>(request: string, answer: () => Answer) => Promise<Answer>;

/** All that is in a store, to be put back. */
interface Contents {
  readonly blobs: ReadonlyMap<string, ModelBlob>;
  /** How often each blob has been written: those that are gone, too. */
  readonly writes: ReadonlyMap<string, number>;
}

/**
 * A storage account as small as can be: every request is one step, and every write makes a new ETag. It is
 * counted for each blob, so the order of what is done to different blobs leaves no trace.
 */
export class ModelStore {
  /** Never changed, but replaced. */
  contents: Contents = { blobs: new Map(), writes: new Map() };

  get blobs(): Contents["blobs"] {
    return this.contents.blobs;
  }

  /** Puts a version of the input in its place; with no ETag, deletes it. */
  setInput(blob: BlobAddress, eTag: string | undefined): void {
    const text = "";
    const version = {
      lastModified: new Date(0),
      text,
      contentType: "video/mp4",
      metadata: {},
      sizeBytes: 9,
      isCopying: false,
    };
    this.#put(blob, eTag === undefined ? undefined : { ...version, eTag });
  }

  /**
   * The requests of one process, each of which passes the gate by its verb and the blobs that it is about, the one that it
   * changes last. Those of the index of conversions do not: nothing that is promised of `output` depends on it, and they
   * would make far too many orders.
   */
  through(gate: Gate): BlobStore {
    const isOfIndex = ({ name }: BlobAddress): boolean => name.startsWith(INDEX_FOLDER);
    const on = (verb: string, { container, name }: BlobAddress): string => `${verb} ${container}/${name}`;
    return {
      ensureContainer: async () => {},
      properties: async (blob) =>
        isOfIndex(blob) ? undefined : gate(on("HEAD", blob), () => this.blobs.get(keyOf(blob))),
      readText: (blob) => gate(on("GET", blob), () => this.blobs.get(keyOf(blob))),
      writeText: async (blob, text, { contentType, metadata = {}, condition }) => {
        if (isOfIndex(blob)) return;
        await gate(on("PUT", blob), () => {
          this.#check(blob, condition);
          this.write(blob, { text, contentType, metadata });
        });
      },
      list: () => {
        throw new Error("Publishing lists nothing");
      },
      setContentType: (blob, contentType, condition) =>
        gate(on("TYPE", blob), () => {
          this.#check(blob, condition);
          const found = this.blobs.get(keyOf(blob));
          if (found === undefined) throw new Error(`${keyOf(blob)} is not there`);
          return this.write(blob, { ...found, contentType });
        }),
      copy: (from, to, metadata, condition) =>
        gate(on(`COPY ${keyOf(from)}`, to), () => {
          const source = this.blobs.get(keyOf(from));
          const isChanged = from.eTag !== undefined && source?.eTag !== from.eTag;
          if (source === undefined || isChanged) return "sourceChanged";
          this.#check(to, condition);
          this.write(to, { text: source.text, contentType: source.contentType, metadata });
          return "copied";
        }),
      delete: (blob, condition) =>
        gate(on("DELETE", blob), () => {
          this.#check(blob, condition);
          this.#put(blob, undefined);
        }),
      url: (blob) => `https://model/${keyOf(blob)}`,
      readUrl: async (blob) => `https://model/${keyOf(blob)}?secret`,
      uploadUrl: async (blob) => `https://model/${keyOf(blob)}?secret`,
      containerUrl: (container) => `https://store/${container}`,
      writeUrl: async (container) => `https://model/${container}?secret`,
    };
  }

  /** Returns the ETag. */
  write(
    blob: BlobAddress,
    { text, contentType, metadata }: Pick<ModelBlob, "text" | "contentType" | "metadata">,
  ): string {
    const { blobs, writes } = this.contents;
    const count = (writes.get(keyOf(blob)) ?? 0) + 1;
    this.contents = { blobs, writes: new Map(writes).set(keyOf(blob), count) };
    const eTag = `${count} of ${keyOf(blob)}`;
    const lastModified = new Date(0);
    this.#put(blob, { text, contentType, metadata, eTag, sizeBytes: text.length, lastModified, isCopying: false });
    return eTag;
  }

  #put(address: BlobAddress, blob: ModelBlob | undefined): void {
    const blobs = new Map(this.blobs);
    if (blob === undefined) blobs.delete(keyOf(address));
    else blobs.set(keyOf(address), blob);
    this.contents = { ...this.contents, blobs };
  }

  #check(blob: BlobAddress, condition: IfUnchanged | undefined): void {
    if (condition === undefined || condition.eTag === (this.blobs.get(keyOf(blob))?.eTag ?? null)) return;
    throw new ConflictError(`Somebody else has changed ${keyOf(blob)}`);
  }
}

function keyOf({ container, name }: BlobAddress): string {
  return `${container}/${name}`;
}
