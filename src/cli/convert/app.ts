import { text } from "node:stream/consumers";
import type { BlobClient, BlobServiceClient } from "@azure/storage-blob";
import type { BlobVersion, Conversion, ConversionRecord, ConversionView } from "../../model/conversion.ts";
import { normalizeETag } from "../../model/conversion.ts";
import { ApiFailure, AppApi } from "../api/appApi.ts";
import { readAppAddress } from "../api/appAddress.ts";
import { workloadNamed } from "../../workloads/index.ts";
import type { Environment } from "../../model/settings.ts";
import { resultNamesFor } from "../../workloads/resultNames.ts";

const REQUEST_BOUND_MS = 15_000;

/** How to reach an app: the storage it works in and, where there is one, its HTTP API. */
export interface App {
  readonly storage: BlobServiceClient;
  readonly containers: { readonly input: string; readonly output: string };
  readonly api: AppApi | undefined;
}

/** For looks that are repeated anyway. Throws a `UserError` for what is no address. */
export function apiAt(functionsUrl: string, env: Environment): AppApi {
  const address = readAppAddress("--functions-url", functionsUrl, env);
  return new AppApi(address, { boundMs: REQUEST_BOUND_MS, isPatient: false });
}

/** `unknown`: no such conversion, or not yet. `unreachable`: no answer, or none that we may read. */
export async function readView(
  app: App,
  id: string,
  signal: AbortSignal,
): Promise<ConversionView | "unknown" | "unreachable"> {
  if (app.api === undefined) return "unreachable";
  try {
    return await app.api.read(id, signal);
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    return error.status === 404 ? "unknown" : "unreachable";
  }
}

/** The record of the blob's latest finished conversion; undefined if there is none. */
export async function readRecord(
  app: App,
  conversion: Conversion,
  signal: AbortSignal,
): Promise<ConversionRecord | undefined> {
  const blob = app.storage.getContainerClient(app.containers.output).getBlobClient(recordNameOf(conversion));
  const content = await unlessMissing(download(blob, signal));
  return content === undefined ? undefined : (JSON.parse(content) as ConversionRecord);
}

/** In the output container. Conversions of other versions of the blob have the same. */
export function recordNameOf({ workload, source }: Conversion): string {
  return resultNamesFor(workloadNamed(workload), source.name).record;
}

/** Whether the blob is still the version that we uploaded. */
export async function isCurrent(
  app: App,
  { container, name, eTag }: BlobVersion,
  signal: AbortSignal,
): Promise<boolean> {
  const blob = app.storage.getContainerClient(container).getBlobClient(name);
  const properties = await unlessMissing(blob.getProperties({ abortSignal: signal }));
  return properties?.etag !== undefined && normalizeETag(properties.etag) === eTag;
}

/** In one request, where the library's own way to a buffer first asks for the size. */
async function download(blob: BlobClient, signal: AbortSignal): Promise<string | undefined> {
  const { readableStreamBody } = await blob.download(0, undefined, { abortSignal: signal });
  return readableStreamBody && text(readableStreamBody);
}

async function unlessMissing<Result>(request: Promise<Result>): Promise<Result | undefined> {
  try {
    return await request;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}
