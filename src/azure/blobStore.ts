import { text } from "node:stream/consumers";
import type { BlobClient, BlobServiceClient, RestError } from "@azure/storage-blob";
import { normalizeETag } from "../model/conversion.ts";
import { ConflictError, StorageError } from "../model/errors.ts";
import { withoutSecrets } from "../model/redact.ts";
import type { BlobAddress, BlobProperties, BlobStore } from "../services.ts";
import { conditionsOf, deleteBlob } from "./deleteBlob.ts";
import { isSignInFailure } from "./signInFailure.ts";
import type { UrlSigner } from "./urlSigner.ts";

/** The blobs of one storage account. */
export function createBlobStore(account: BlobServiceClient, signer: UrlSigner): BlobStore {
  const at = ({ container, name }: BlobAddress): BlobClient =>
    account.getContainerClient(container).getBlobClient(name);
  const readUrl: BlobStore["readUrl"] = (blob, expiresOn) =>
    inWords(`sign a URL of ${nameOf(blob)}`, signer.readUrl(blob, expiresOn));

  const properties: BlobStore["properties"] = async (blob) => {
    const found = await unlessMissing(`look at ${nameOf(blob)}`, at(blob).getProperties());
    return found && describe(found);
  };

  return {
    async ensureContainer(container) {
      await inWords(`create container ${container}`, account.getContainerClient(container).createIfNotExists());
    },

    properties,

    async readText(blob) {
      const found = await unlessMissing(`read ${nameOf(blob)}`, at(blob).download());
      return found?.readableStreamBody && text(found.readableStreamBody);
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

    async *list(container) {
      for await (const blob of account.getContainerClient(container).listBlobsFlat({ includeMetadata: true })) {
        const { etag, lastModified } = blob.properties;
        yield { name: blob.name, eTag: normalizeETag(etag), lastModified, metadata: blob.metadata ?? {} };
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
        const copying = await at(to).beginCopyFromURL(source, options);
        return copying.isDone() ? "copied" : "copying";
      } catch (error) {
        if (from.eTag !== undefined && isMissingOrChanged(error) && (await properties(from))?.eTag !== from.eTag) {
          return "sourceChanged";
        }
        throw describeError(`copy ${nameOf(from)} to ${nameOf(to)}`, error);
      }
    },

    delete: (blob, condition) => inWords(`delete ${nameOf(blob)}`, deleteBlob(at(blob), condition)),

    url: (blob) => at(blob).url,
    readUrl,
    writeUrl: (container, expiresOn) =>
      inWords(`sign a URL of container ${container}`, signer.writeUrl(container, expiresOn)),
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

async function unlessMissing<Result>(what: string, request: Promise<Result>): Promise<Result | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isRestError(error) && error.statusCode === 404) return undefined;
    throw describeError(what, error);
  }
}

async function inWords<Result>(what: string, request: Promise<Result>): Promise<Result> {
  try {
    return await request;
  } catch (error) {
    throw describeError(what, error);
  }
}

/** A refused condition is a `ConflictError`; the answer to a HEAD has no body, so its error has no message of its own. */
function describeError(what: string, cause: unknown): unknown {
  if (isSignInFailure(cause)) {
    const refusal = { code: undefined, statusCode: undefined, isSignInFailure: true };
    const reasons = cause.message.replaceAll("\n", "; ");
    return new StorageError(withoutSecrets(`Azure Storage could not ${what}: ${reasons}`), refusal, { cause });
  }
  if (!isRestError(cause)) return cause;
  if (cause.code === "ConditionNotMet" || cause.code === "BlobAlreadyExists" || cause.statusCode === 412) {
    return new ConflictError(`Azure Storage could not ${what}: somebody else has changed it at the same moment`, {
      cause,
    });
  }
  const { code, statusCode } = cause;
  const reason = [statusCode, code, firstLineOf(cause)].filter(Boolean).join(": ");
  return new StorageError(
    withoutSecrets(`Azure Storage could not ${what}: ${reason}`),
    { code, statusCode },
    { cause },
  );
}

function firstLineOf({ message }: Error): string {
  return message.split("\n")[0] ?? "";
}

/** A condition that does not hold, or a blob that is not there: services differ in how they say which. */
function isMissingOrChanged(error: unknown): boolean {
  return isRestError(error) && (error.statusCode === 412 || error.statusCode === 404);
}

function nameOf({ container, name }: BlobAddress): string {
  return `${container}/${name}`;
}

function isRestError(error: unknown): error is RestError {
  return error instanceof Error && error.name === "RestError";
}

function inOneHour(): Date {
  return new Date(Date.now() + 3_600_000);
}
