import type { BlobClient, BlobRequestConditions, BlobServiceClient, RestError } from "@azure/storage-blob";
import { normalizeETag } from "../conversion.ts";
import { ConflictError } from "../errors.ts";
import type { BlobAddress, BlobProperties, BlobStore, IfUnchanged } from "../services.ts";
import type { UrlSigner } from "./urlSigner.ts";

/** The blobs of one storage account. */
export function createBlobStore(account: BlobServiceClient, signer: UrlSigner): BlobStore {
  const at = ({ container, name }: BlobAddress): BlobClient =>
    account.getContainerClient(container).getBlobClient(name);

  return {
    async ensureContainer(container) {
      await account.getContainerClient(container).createIfNotExists();
    },

    async properties(blob) {
      const found = await unlessMissing(at(blob).getProperties());
      return found && describe(found);
    },

    async readText(blob) {
      return (await unlessMissing(at(blob).downloadToBuffer()))?.toString("utf8");
    },

    async writeText(blob, text, { contentType, metadata = {}, condition }) {
      const upload = at(blob)
        .getBlockBlobClient()
        .upload(text, Buffer.byteLength(text), {
          blobHTTPHeaders: { blobContentType: contentType },
          metadata: { ...metadata },
          conditions: conditionsOf(condition),
        });
      await conflictAware(upload, blob);
    },

    async *list(container) {
      for await (const blob of account.getContainerClient(container).listBlobsFlat({ includeMetadata: true })) {
        const { etag, lastModified } = blob.properties;
        yield { name: blob.name, eTag: normalizeETag(etag), lastModified, metadata: blob.metadata ?? {} };
      }
    },

    async setContentType(blob, contentType) {
      await at(blob).setHTTPHeaders({ blobContentType: contentType });
    },

    async copy(from, to, metadata, condition) {
      const source = await signer.readUrl(from, inOneHour());
      const copying = at(to).beginCopyFromURL(source, {
        metadata: { ...metadata },
        conditions: conditionsOf(condition),
      });
      await conflictAware(copying, to);
    },

    async delete(blob) {
      await at(blob).deleteIfExists();
    },

    url: (blob) => at(blob).url,
    readUrl: (blob, expiresOn) => signer.readUrl(blob, expiresOn),
    writeUrl: (container, expiresOn) => signer.writeUrl(container, expiresOn),
  };
}

function describe(found: Awaited<ReturnType<BlobClient["getProperties"]>>): BlobProperties {
  return {
    eTag: normalizeETag(found.etag ?? ""),
    sizeBytes: found.contentLength ?? 0,
    contentType: found.contentType ?? "",
    metadata: found.metadata ?? {},
    isCopying: found.copyStatus === "pending",
  };
}

function conditionsOf(condition: IfUnchanged | undefined): BlobRequestConditions {
  if (condition === undefined) return {};
  return condition.eTag === null ? { ifNoneMatch: "*" } : { ifMatch: `"${condition.eTag}"` };
}

async function unlessMissing<Result>(request: Promise<Result>): Promise<Result | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isRestError(error) && error.statusCode === 404) return undefined;
    throw error;
  }
}

async function conflictAware(request: Promise<unknown>, { container, name }: BlobAddress): Promise<void> {
  try {
    await request;
  } catch (cause) {
    if (isRestError(cause) && (cause.statusCode === 409 || cause.statusCode === 412)) {
      throw new ConflictError(`${container}/${name} was changed by somebody else at the same moment`, { cause });
    }
    throw cause;
  }
}

function isRestError(error: unknown): error is RestError {
  return error instanceof Error && error.name === "RestError";
}

function inOneHour(): Date {
  return new Date(Date.now() + 3_600_000);
}
