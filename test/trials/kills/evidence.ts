import { createHash } from "node:crypto";
import type { ContainerClient } from "@azure/storage-blob";
import { BlobServiceClient, RestError } from "@azure/storage-blob";
import { normalizeETag } from "../../../src/model/conversion.ts";
import type { Mp3Record } from "../../../src/workloads/mp3/review.ts";
import { mp3 as workload } from "../../../src/workloads/mp3/index.ts";
import { resultNamesFor } from "../../../src/workloads/resultNames.ts";
import type { StackConnection } from "../../../src/local/stack/stackState.ts";

interface Found {
  readonly bytes: Buffer;
  readonly md5: string;
  readonly eTag: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What is there for one name. */
export interface Evidence {
  readonly input: Found | undefined;
  readonly record: Mp3Record | undefined;
  readonly mp3: Found | undefined;
}

export async function collectEvidence({ storage }: StackConnection, name: string): Promise<Evidence> {
  const account = BlobServiceClient.fromConnectionString(storage.connectionString);
  const output = account.getContainerClient("output");
  const names = resultNamesFor(workload, name);
  const record = await find(output, names.record);
  return {
    input: await find(account.getContainerClient("input"), name),
    record: record && (JSON.parse(record.bytes.toString("utf8")) as Mp3Record),
    mp3: await find(output, names.result),
  };
}

/** Names and ETags of what is in the input container. */
export async function listInput({ storage }: StackConnection): Promise<{ name: string; eTag: string }[]> {
  const input = BlobServiceClient.fromConnectionString(storage.connectionString).getContainerClient("input");
  const versions: { name: string; eTag: string }[] = [];
  for await (const { name, properties } of input.listBlobsFlat()) {
    versions.push({ name, eTag: normalizeETag(properties.etag) });
  }
  return versions;
}

export function md5Of(bytes: Buffer): string {
  return createHash("md5").update(bytes).digest("hex");
}

async function find(container: ContainerClient, name: string): Promise<Found | undefined> {
  try {
    const blob = container.getBlobClient(name);
    const bytes = await blob.downloadToBuffer();
    const { etag = "", metadata = {} } = await blob.getProperties();
    return { bytes, md5: md5Of(bytes), eTag: normalizeETag(etag), metadata };
  } catch (error) {
    if (error instanceof RestError && error.statusCode === 404) return undefined;
    throw error;
  }
}
