import type { BlobServiceClient } from "@azure/storage-blob";
import type { AppSettings } from "../settingReferences.ts";
import { readConnectionString, resolveSettings } from "../settingReferences.ts";
import type { RegisteredFunction } from "../worker/coreModule.ts";
import type { RpcTypedData } from "../worker/rpc.ts";
import { parseBlobPath } from "./blobPath.ts";
import type { BlobPattern } from "./blobPath.ts";

/** A function with a blob trigger, its settings resolved. */
export interface BlobFunction {
  readonly fn: RegisteredFunction;
  readonly pattern: BlobPattern;
  readonly source: "LogsAndContainerScan" | "EventGrid";
  /** The name of the setting, not its value. */
  readonly connection: string;
  readonly connectionString: string;
  readonly service: BlobServiceClient;
  /** The function gets a reference to the blob instead of its bytes. */
  readonly isDeferred: boolean;
}

export interface FoundBlob {
  readonly container: string;
  readonly name: string;
  /** Without quotes. */
  readonly etag: string;
}

export async function readBlobFunction(fn: RegisteredFunction, settings: AppSettings): Promise<BlobFunction> {
  const where = `Function ${fn.name}`;
  const {
    path = "",
    connection = "AzureWebJobsStorage",
    source = "LogsAndContainerScan",
  } = fn.trigger as {
    path?: string;
    connection?: string;
    source?: string;
  };
  const connectionName = resolveSettings(connection, settings, where);
  const connectionString = readConnectionString(connectionName, settings, where);
  const pattern = parseBlobPath(resolveSettings(path, settings, where), fn.name);
  // Slow to load, and apps without a blob trigger do without it.
  const { BlobServiceClient } = await import("@azure/storage-blob");
  return {
    fn,
    pattern,
    source: resolveSettings(source, settings, where) === "EventGrid" ? "EventGrid" : "LogsAndContainerScan",
    connection: connectionName,
    connectionString,
    service: BlobServiceClient.fromConnectionString(connectionString, {
      retryOptions: { maxTries: 2, retryDelayInMs: 100, maxRetryDelayInMs: 100 },
    }),
    isDeferred: fn.trigger.properties?.supportsDeferredBinding?.toLowerCase() === "true",
  };
}

/** How long the storage may take to answer, besides the time for the bytes of the blob. */
const SILENCE_MS = 60_000;
/** A slower connection counts as silent. */
const SLOWEST_BYTES_PER_MS = 16;

/** What the function gets for a blob; undefined if that version of the blob is gone. */
export async function readBlobInput(
  { service, pattern, connection, isDeferred }: BlobFunction,
  { container, name, etag }: FoundBlob,
  { silenceMs = SILENCE_MS } = {},
): Promise<{ input: RpcTypedData; triggerMetadata: Record<string, RpcTypedData> } | undefined> {
  const client = service.getContainerClient(container).getBlobClient(name);
  try {
    const found = await client.getProperties({
      conditions: { ifMatch: `"${etag}"` },
      abortSignal: AbortSignal.timeout(silenceMs),
    });
    const { contentLength, contentType, lastModified, createdOn, contentEncoding, contentMD5, blobType } = found;
    const properties = {
      ETag: found.etag,
      ContentLength: contentLength,
      ContentType: contentType,
      LastModified: lastModified,
      CreatedOn: createdOn,
      ContentEncoding: contentEncoding,
      ContentHash: contentMD5 === undefined ? undefined : Buffer.from(contentMD5).toString("base64"),
      BlobType: blobType === "BlockBlob" ? 0 : blobType === "PageBlob" ? 1 : 2,
    };
    const tokens = Object.entries(pattern.match(name) ?? {}).map(
      ([token, value]) => [token, { string: value }] as const,
    );
    const read = async (): Promise<RpcTypedData> => {
      const boundMs = silenceMs + (contentLength ?? 0) / SLOWEST_BYTES_PER_MS;
      const abortSignal = AbortSignal.timeout(Math.ceil(boundMs));
      return { bytes: await client.downloadToBuffer(0, undefined, { abortSignal }) };
    };
    return {
      input: isDeferred ? reference(connection, container, name) : await read(),
      triggerMetadata: {
        BlobTrigger: { string: `${container}/${name}` },
        Uri: { string: client.url },
        Properties: { json: JSON.stringify(properties) },
        Metadata: { json: JSON.stringify(found.metadata ?? {}) },
        ...Object.fromEntries(tokens),
      },
    };
  } catch (error) {
    const { statusCode } = error as { statusCode?: number };
    if (statusCode === 404 || statusCode === 412 || statusCode === 304) return undefined;
    throw error;
  }
}

/** https://github.com/Azure/azure-sdk-for-net/blob/main/sdk/storage/Microsoft.Azure.WebJobs.Extensions.Storage.Blobs */
function reference(connection: string, container: string, name: string): RpcTypedData {
  const content = JSON.stringify({ Connection: connection, ContainerName: container, BlobName: name });
  return {
    modelBindingData: {
      version: "1.0",
      source: "AzureStorageBlobs",
      contentType: "application/json",
      content: Buffer.from(content),
    },
  };
}
