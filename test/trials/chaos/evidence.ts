import type { ContainerClient } from "@azure/storage-blob";
import { BlobServiceClient } from "@azure/storage-blob";
import type { ConversionView } from "../../../src/model/conversion.ts";
import type { Mp3Record } from "../../../src/workloads/mp3/review.ts";
import type { StackConnection } from "../../../src/local/stack/stackState.ts";

/** What a trial has left behind, as anybody can read it. */
export interface Evidence {
  /** By blob name. */
  readonly records: ReadonlyMap<string, Mp3Record>;
  /** By blob name. */
  readonly mp3s: ReadonlyMap<string, { readonly conversionId: string | undefined; readonly sizeBytes: number }>;
  /** What the app says of each conversion that it knows, by id. */
  readonly views: ReadonlyMap<string, ConversionView>;
  /** Names of the blobs in the staging container: `<conversion id>/<attempt>/<file>`. */
  readonly staged: readonly string[];
}

export async function collectEvidence(connection: StackConnection, ids: readonly string[]): Promise<Evidence> {
  const account = BlobServiceClient.fromConnectionString(connection.storage.connectionString);
  const output = account.getContainerClient("output");
  const records = new Map<string, Mp3Record>();
  const mp3s = new Map<string, { conversionId: string | undefined; sizeBytes: number }>();
  for await (const { name, metadata, properties } of output.listBlobsFlat({ includeMetadata: true })) {
    if (name.endsWith(".json")) records.set(name, await readRecord(output, name));
    else if (!name.endsWith(".log")) {
      mp3s.set(name, { conversionId: metadata?.["conversionid"], sizeBytes: properties.contentLength ?? 0 });
    }
  }
  const staged: string[] = [];
  for await (const { name } of account.getContainerClient("work").listBlobsFlat()) staged.push(name);
  return { records, mp3s, views: await readViews(connection, ids), staged };
}

/** The ids of the conversions whose records are in the output container. */
export async function listAnswered({ storage }: StackConnection): Promise<ReadonlySet<string>> {
  const output = BlobServiceClient.fromConnectionString(storage.connectionString).getContainerClient("output");
  const answered = new Set<string>();
  for await (const { name, metadata } of output.listBlobsFlat({ includeMetadata: true })) {
    if (name.endsWith(".json")) answered.add(metadata?.["conversionid"] ?? "");
  }
  return answered;
}

/** The host has its port, but has not loaded the app yet. */
export class HostStarting extends Error {
  override readonly name = "HostStarting";
}

/** What the app says of these conversions; it does not know all of them. */
export async function readViews(
  { functions }: StackConnection,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ConversionView>> {
  const views = new Map<string, ConversionView>();
  for (const id of ids) {
    const response = await fetch(`${functions.url}/api/conversions/${id}`);
    if (response.ok) views.set(id, (await response.json()) as ConversionView);
    else if (response.status === 503) throw new HostStarting(await response.text());
    else if (response.status !== 404) throw new Error(`The app answered ${response.status} for conversion ${id}`);
  }
  return views;
}

async function readRecord(output: ContainerClient, name: string): Promise<Mp3Record> {
  const bytes = await output.getBlobClient(name).downloadToBuffer();
  return JSON.parse(bytes.toString("utf8")) as Mp3Record;
}
