import type { BlobClient, BlobServiceClient } from "@azure/storage-blob";
import type { BlobHead } from "../../kit/blobNews.ts";
import type { AppSettings } from "../settingReferences.ts";
import { resolveSettings } from "../settingReferences.ts";
import { blobReference } from "../storage/blobReference.ts";
import { openConnection } from "../storage/connections.ts";
import type { StorageConnection } from "../storage/connections.ts";
import type { RegisteredFunction } from "../worker/coreModule.ts";
import type { RpcTypedData } from "../worker/rpc.ts";
import { parseBlobPath } from "./blobPath.ts";
import type { BlobPattern } from "./blobPath.ts";

/** A function with a blob trigger, its settings resolved. */
export interface BlobFunction {
  readonly fn: RegisteredFunction;
  readonly pattern: BlobPattern;
  readonly source: "LogsAndContainerScan" | "EventGrid";
  readonly connection: StorageConnection;
  readonly service: BlobServiceClient;
  /** The function gets a reference to the blob instead of its bytes. */
  readonly isDeferred: boolean;
}

export interface FoundBlob {
  readonly container: string;
  readonly name: string;
  /** Without quotes. */
  readonly etag: string;
  /** What storage has said of this version when it told of it. */
  readonly head?: BlobHead;
}

export async function readBlobFunction(fn: RegisteredFunction, settings: AppSettings): Promise<BlobFunction> {
  const where = `Function ${fn.name}`;
  const { path = "", source = "LogsAndContainerScan" } = fn.trigger as {
    path?: string;
    source?: string;
  };
  const connection = openConnection(fn.trigger, settings, where);
  const pattern = parseBlobPath(resolveSettings(path, settings, where), fn.name);
  return {
    fn,
    pattern,
    source: resolveSettings(source, settings, where) === "EventGrid" ? "EventGrid" : "LogsAndContainerScan",
    connection,
    service: await connection.blobs(),
    isDeferred: fn.trigger.properties?.supportsDeferredBinding === "true" && !hasExpressions(fn),
  };
}

/**
 * With an expression in another binding, the real host falls back to the bytes without a word.
 * https://github.com/Azure/azure-functions-host/blob/dev/src/WebJobs.Script/Description/Workers/WorkerFunctionDescriptorProvider.cs
 */
function hasExpressions({ bindings, trigger }: RegisteredFunction): boolean {
  return bindings.some(
    (binding) =>
      binding !== trigger && Object.values(binding).some((value) => typeof value === "string" && /\{.+\}/.test(value)),
  );
}

/** How long the storage may take to answer, besides the time for the bytes of the blob. */
const SILENCE_MS = 60_000;
/** A slower connection counts as silent. */
const SLOWEST_BYTES_PER_MS = 16;

/** What storage has said of a version when it told of it, with the ETag in the quotes of a header. */
type ToldVersion = BlobHead & { readonly etag: string };

/**
 * What the function gets for a blob; undefined if it is gone, or for a polled one if that version is. An event brings the
 * blob as it is by now: https://github.com/Azure/azure-sdk-for-net/blob/main/sdk/storage/Microsoft.Azure.WebJobs.Extensions.Storage.Blobs/src/Listeners/BlobQueueTriggerExecutor.cs
 * `told`: what storage has just said of that version, so that it need not be asked. Only then is the ETag more than the `{}`
 * that the real host makes of it: it saves the app the request, too.
 */
export async function readBlobInput(
  { service, pattern, source, connection, isDeferred }: BlobFunction,
  { container, name, etag }: FoundBlob,
  { silenceMs = SILENCE_MS, told }: { readonly silenceMs?: number; readonly told?: ToldVersion | undefined } = {},
): Promise<{ input: RpcTypedData; triggerMetadata: Record<string, RpcTypedData> } | undefined> {
  const client = service.getContainerClient(container).getBlobClient(name);
  try {
    const head = told ?? (await readHead(client, source === "EventGrid" ? undefined : etag, silenceMs));
    const { contentLength, contentType, lastModified, createdOn, contentEncoding, contentMd5, blobType } = head;
    const properties = {
      ETag: told?.etag ?? {},
      ContentLength: contentLength,
      ContentType: contentType,
      LastModified: lastModified,
      CreatedOn: createdOn,
      ContentEncoding: contentEncoding,
      ContentHash: contentMd5,
      BlobType: blobType === "BlockBlob" ? 0 : blobType === "PageBlob" ? 1 : 2,
    };
    const tokens = Object.entries(pattern.match(name) ?? {}).map(
      ([token, value]) => [token, { string: value }] as const,
    );
    const read = async (): Promise<RpcTypedData> => {
      const boundMs = silenceMs + contentLength / SLOWEST_BYTES_PER_MS;
      const abortSignal = AbortSignal.timeout(Math.ceil(boundMs));
      return { bytes: await client.downloadToBuffer(0, undefined, { abortSignal }) };
    };
    return {
      input: isDeferred ? blobReference(connection.name, container, name) : await read(),
      triggerMetadata: {
        BlobTrigger: { string: `${container}/${name}` },
        Uri: { string: client.url },
        Properties: { json: JSON.stringify(properties) },
        Metadata: { json: JSON.stringify(head.metadata) },
        ...Object.fromEntries(tokens),
      },
    };
  } catch (error) {
    const { statusCode } = error as { statusCode?: number };
    if (statusCode === 404 || statusCode === 412 || statusCode === 304) return undefined;
    throw error;
  }
}

/** Of the blob as it is by now if no version is named. */
async function readHead(client: BlobClient, etag: string | undefined, silenceMs: number): Promise<BlobHead> {
  const found = await client.getProperties({
    ...(etag !== undefined && { conditions: { ifMatch: `"${etag}"` } }),
    abortSignal: AbortSignal.timeout(silenceMs),
  });
  const { contentLength = 0, contentType, contentEncoding, contentMD5, blobType, metadata = {} } = found;
  return {
    contentLength,
    contentType,
    contentEncoding,
    contentMd5: contentMD5 === undefined ? undefined : Buffer.from(contentMD5).toString("base64"),
    lastModified: found.lastModified?.toISOString(),
    createdOn: found.createdOn?.toISOString(),
    blobType,
    metadata,
  };
}
