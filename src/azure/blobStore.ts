import { text } from "node:stream/consumers";
import type { BlobClient, BlobServiceClient, ContainerClient } from "@azure/storage-blob";
import { normalizeETag } from "../model/conversion.ts";
import type { BlobAddress, BlobProperties, BlobStore, TextBlob } from "../services.ts";
import { conditionsOf } from "./accessConditions.ts";
import { deleteBlob } from "./deleteBlob.ts";
import { describeError, inWords, isRestError, unlessMissing } from "./storageErrors.ts";
import type { UrlSigner } from "./urlSigner.ts";

/** https://learn.microsoft.com/rest/api/storageservices/copy-blob-from-url */
const MAX_SYNCHRONOUS_COPY_BYTES = 256 * 1024 ** 2;

/** The blobs of one storage account. */
export function createBlobStore(account: BlobServiceClient, signer: UrlSigner): BlobStore {
  /** Made once each, which is a twentieth of what the client does for a request. */
  const containers = new Map<string, ContainerClient>();
  const containerAt = (name: string): ContainerClient => {
    const container = containers.get(name) ?? account.getContainerClient(name);
    containers.set(name, container);
    return container;
  };
  const at = ({ container, name }: BlobAddress): BlobClient => containerAt(container).getBlobClient(name);
  const readUrl: BlobStore["readUrl"] = (blob, expiresOn, fileName) =>
    inWords(`sign a URL of ${nameOf(blob)}`, signer.readUrl(blob, expiresOn, fileName));

  const properties: BlobStore["properties"] = async (blob) => {
    const found = await unlessMissing(`look at ${nameOf(blob)}`, at(blob).getProperties());
    return found && describe(found);
  };

  /** Or gone. */
  const isChanged = async (source: BlobAddress & { readonly eTag?: string }): Promise<boolean> => {
    const found = await properties(source);
    return found === undefined || (source.eTag !== undefined && found.eTag !== source.eTag);
  };

  return {
    async ensureContainer(container) {
      await inWords(`create container ${container}`, containerAt(container).createIfNotExists());
    },

    properties,

    async readText(blob) {
      const download = async (): Promise<TextBlob | undefined> => {
        const { readableStreamBody, etag = "" } = await at(blob).download();
        return readableStreamBody && { text: await text(readableStreamBody), eTag: normalizeETag(etag) };
      };
      return unlessMissing(`read ${nameOf(blob)}`, download());
    },

    async writeText(blob, content, { contentType, metadata = {}, condition }) {
      const options = {
        blobHTTPHeaders: { blobContentType: contentType },
        metadata: { ...metadata },
        conditions: conditionsOf(condition),
      };
      const client = at(blob).getBlockBlobClient();
      await inWords(`write ${nameOf(blob)}`, client.upload(content, Buffer.byteLength(content), options));
    },

    async *list(container, { prefix = "", from, pageSize } = {}) {
      const listing = containerAt(container).listBlobsFlat({ includeMetadata: true, prefix });
      const settings = {
        ...(from !== undefined && { continuationToken: from }),
        ...(pageSize !== undefined && { maxPageSize: pageSize }),
      };
      try {
        for await (const { segment, continuationToken } of listing.byPage(settings)) {
          const blobs = segment.blobItems.map(
            ({ name, properties: { etag, lastModified, contentLength }, metadata = {} }) => ({
              name,
              eTag: normalizeETag(etag),
              sizeBytes: contentLength ?? 0,
              lastModified,
              metadata,
            }),
          );
          yield { blobs, next: continuationToken || undefined };
        }
      } catch (error) {
        throw describeError(`list container ${container}`, error);
      }
    },

    async setContentType(blob, contentType, condition) {
      const options = { conditions: conditionsOf(condition) };
      const what = `set the type of ${nameOf(blob)}`;
      const { etag } = await inWords(what, at(blob).setHTTPHeaders({ blobContentType: contentType }, options));
      return normalizeETag(etag ?? "");
    },

    async copy(from, to, metadata, condition) {
      const source = await readUrl(from, inOneHour());
      const options = {
        metadata: { ...metadata },
        conditions: conditionsOf(condition),
        sourceConditions: conditionsOf(from.eTag === undefined ? undefined : { eTag: from.eTag }),
      };
      try {
        if ((from.sizeBytes ?? 0) <= MAX_SYNCHRONOUS_COPY_BYTES) {
          await at(to).syncCopyFromURL(source, options);
          return "copied";
        }
        const copying = await at(to).beginCopyFromURL(source, options);
        return copying.isDone() ? "copied" : "copying";
      } catch (error) {
        // Only another look tells which of the two has changed or is gone: services differ in the codes they give.
        const mayBeSource = isRestError(error) && [404, 412].includes(error.statusCode ?? 0);
        if (mayBeSource && (await isChanged(from))) return "sourceChanged";
        throw describeError(`copy ${nameOf(from)} to ${nameOf(to)}`, error);
      }
    },

    delete: (blob, condition) => inWords(`delete ${nameOf(blob)}`, deleteBlob(at(blob), condition)),

    url: (blob) => at(blob).url,
    containerUrl: (container) => containerAt(container).url,
    readUrl,
    uploadUrl: (blob, expiresOn) => inWords(`sign a URL of ${nameOf(blob)}`, signer.uploadUrl(blob, expiresOn)),
    writeUrl: (container, expiresOn) =>
      inWords(`sign a URL of container ${container}`, signer.writeUrl(container, expiresOn)),
  };
}

function describe(found: Awaited<ReturnType<BlobClient["getProperties"]>>): BlobProperties {
  return {
    eTag: normalizeETag(found.etag ?? ""),
    sizeBytes: found.contentLength ?? 0,
    lastModified: found.lastModified ?? new Date(),
    contentType: found.contentType ?? "",
    metadata: found.metadata ?? {},
    isCopying: found.copyStatus === "pending",
  };
}

function nameOf({ container, name }: BlobAddress): string {
  return `${container}/${name}`;
}

function inOneHour(): Date {
  return new Date(Date.now() + 3_600_000);
}
