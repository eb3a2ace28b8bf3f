import type { BlobHead, BlobNews } from "../../kit/blobNews.ts";
import { errorMessage } from "../../kit/errorText.ts";
import { NewsFile } from "../../kit/newsFile.ts";
import { NEWS_VARIABLE } from "../news.ts";
import { azurite, patch } from "./patch.ts";

interface Loki {
  readonly Collection: { readonly prototype: Collection };
}

interface Collection {
  readonly name: string;
  insertOne: (this: Collection, document: object, ...rest: unknown[]) => object | undefined;
  update: (this: Collection, document: object) => object | undefined;
}

/** Of a blob, as far as it is of interest here. */
interface BlobDocument {
  readonly containerName?: unknown;
  readonly name?: unknown;
  /** False as long as it has only blocks that have been uploaded and not been committed. */
  readonly isCommitted?: unknown;
  readonly snapshot?: unknown;
  readonly properties?: Properties;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface Properties {
  readonly etag?: unknown;
  readonly contentLength?: number;
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentMD5?: Uint8Array;
  readonly lastModified?: Date | string;
  readonly creationTime?: Date | string;
  readonly blobType?: string;
}

const BLOBS = "$BLOBS_COLLECTION$";

/**
 * Azurite tells nobody of an upload, so that whoever waits for one lists the container over and over. This writes each
 * version of a blob to a news file as soon as it is there, if the environment names one, with what a HEAD would say of it.
 *
 * Relies on: lokijs, Azurite's database, and that it makes blobs by the methods of a collection that are wrapped here.
 * Seen with: Azurite 3.31.0 to 3.35.0 (lokijs 1.5.12).
 * If it goes: an upload is noticed at the next listing.
 */
const path = process.env[NEWS_VARIABLE];
if (path) {
  patch("tellsOfBlobs", () => tellOfBlobs((azurite("lokijs") as Loki).Collection.prototype, new NewsFile(path)));
}

function tellOfBlobs(collection: Collection, file: NewsFile<BlobNews>): void {
  const { insertOne, update } = collection;
  if ([insertOne, update].some((method) => typeof method !== "function")) {
    throw new Error("lokijs changes its collections by other methods");
  }
  let isFailed = false;
  const tell = (news: BlobNews): void => {
    try {
      if (!isFailed) file.tell(news);
    } catch (error) {
      isFailed = true;
      process.stderr.write(`Azurite tells of no more blobs: ${errorMessage(error)}\n`);
    }
  };
  /** At the end of the turn: by then Azurite has made the document what it is going to be, and it is kept. */
  const note = (document: BlobDocument): void =>
    queueMicrotask(() => {
      const news = newsOf(document);
      if (news !== undefined) tell(news);
    });
  collection.insertOne = function insertAndTell(...args) {
    const inserted = insertOne.apply(this, args);
    if (inserted !== undefined && this.name === BLOBS) note(inserted);
    return inserted;
  };
  collection.update = function updateAndTell(document) {
    const updated = update.call(this, document);
    if (updated !== undefined && this.name === BLOBS) note(updated);
    return updated;
  };
}

function newsOf(document: BlobDocument): BlobNews | undefined {
  const { containerName, name, isCommitted, snapshot, properties, metadata = {} } = document;
  const etag = properties?.etag;
  if (isCommitted === false || snapshot) return undefined;
  if (typeof containerName !== "string" || typeof name !== "string" || typeof etag !== "string") return undefined;
  const head = headOf(properties ?? {}, metadata);
  return { container: containerName, name, etag, ...(head !== undefined && { head }) };
}

/** Undefined where Azurite keeps something else than what is known here. */
function headOf(properties: Properties, metadata: Readonly<Record<string, string>>): BlobHead | undefined {
  const { contentLength, contentType, contentEncoding, contentMD5, lastModified, creationTime, blobType } = properties;
  if (typeof contentLength !== "number" || lastModified === undefined) return undefined;
  return {
    contentLength,
    contentType,
    contentEncoding,
    contentMd5: contentMD5 instanceof Uint8Array ? Buffer.from(contentMD5).toString("base64") : undefined,
    lastModified: inSeconds(lastModified),
    createdOn: creationTime === undefined ? undefined : inSeconds(creationTime),
    blobType,
    metadata: Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key.toLowerCase(), value])),
  };
}

function inSeconds(time: Date | string): string {
  return new Date(Math.floor(new Date(time).getTime() / 1000) * 1000).toISOString();
}
