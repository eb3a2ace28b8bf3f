import type { ContainerClient } from "@azure/storage-blob";
import { parseBuffer } from "music-metadata";
import type { ConversionView } from "../../../src/model/conversion.ts";
import { normalizeETag } from "../../../src/model/conversion.ts";
import type { Mp3Record } from "../../../src/workloads/mp3/review.ts";
import type { StackConnection } from "../../../src/local/stack/stackState.ts";
import { containerOf, unlessMissing } from "./containers.ts";

/** What a trial has left behind, as anybody can read it. */
export interface Evidence {
  /** ETags of the videos, by blob name. */
  readonly videos: ReadonlyMap<string, string>;
  /** By blob name. */
  readonly records: ReadonlyMap<string, Mp3Record>;
  /** By blob name. */
  readonly mp3s: ReadonlyMap<string, FoundMp3>;
  /** Names of the logs. */
  readonly logs: ReadonlySet<string>;
  /** What the app says of each conversion that it knows, by id. */
  readonly views: ReadonlyMap<string, ConversionView>;
  /** Names of the blobs in the staging container: `<conversion id>/<attempt>/<file>`. */
  readonly staged: readonly string[];
}

export interface FoundMp3 {
  readonly sizeBytes: number;
  readonly contentType: string;
  /** As counted from its frames. */
  readonly durationSeconds: number;
  /** From its metadata. */
  readonly conversionId: string;
  readonly attempt: string;
  readonly sourceETag: string;
}

/** How long the app may take to answer for one conversion. */
const ANSWER_BOUND_MS = 20_000;

export async function collectEvidence(connection: StackConnection, ids: readonly string[]): Promise<Evidence> {
  const output = containerOf(connection, "output");
  const records = new Map<string, Mp3Record>();
  const mp3s = new Map<string, FoundMp3>();
  const logs = new Set<string>();
  for await (const { name } of output.listBlobsFlat()) {
    if (name.endsWith(".json")) records.set(name, await readRecord(output, name));
    else if (name.endsWith(".log")) logs.add(name);
    else mp3s.set(name, await readMp3(output, name));
  }
  const videos = new Map<string, string>();
  for await (const { name, properties } of containerOf(connection, "input").listBlobsFlat()) {
    videos.set(name, normalizeETag(properties.etag));
  }
  const staged: string[] = [];
  for await (const { name } of containerOf(connection, "work").listBlobsFlat()) staged.push(name);
  const all = new Set([...ids, ...staged.map(conversionOf)]);
  return { videos, records, mp3s, logs, views: await readViews(connection, [...all]), staged };
}

/** The id of the conversion that has staged a blob. */
export function conversionOf(staged: string): string {
  return staged.split("/")[0] ?? "";
}

/** The ids of the conversions whose records are in the output container; none while it is deleted. */
export async function listAnswered(connection: StackConnection): Promise<ReadonlySet<string>> {
  const list = async (): Promise<Set<string>> => {
    const answered = new Set<string>();
    for await (const blob of containerOf(connection, "output").listBlobsFlat({ includeMetadata: true })) {
      if (blob.name.endsWith(".json")) answered.add(blob.metadata?.["conversionid"] ?? "");
    }
    return answered;
  };
  return (await unlessMissing(list())) ?? new Set();
}

/** The app gives no answer for a conversion at the moment. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** What the app says of these conversions; it does not know all of them. */
export async function readViews(
  { functions }: StackConnection,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ConversionView>> {
  const views = new Map<string, ConversionView>();
  for (const id of ids) {
    const response = await ask(`${functions.url}/api/conversions/${id}`);
    if (response.ok) views.set(id, (await response.json()) as ConversionView);
    else if (response.status !== 404) throw new NoAnswer(`The app answered ${response.status} for conversion ${id}`);
  }
  return views;
}

/** A host that is being restarted refuses connections, or answers 503 until it has loaded the app. */
async function ask(url: string): Promise<Response> {
  try {
    return await fetch(url, { signal: AbortSignal.timeout(ANSWER_BOUND_MS) });
  } catch (cause) {
    throw new NoAnswer(`The app did not answer ${url}`, { cause });
  }
}

async function readRecord(output: ContainerClient, name: string): Promise<Mp3Record> {
  const bytes = await output.getBlobClient(name).downloadToBuffer();
  return JSON.parse(bytes.toString("utf8")) as Mp3Record;
}

async function readMp3(output: ContainerClient, name: string): Promise<FoundMp3> {
  const blob = output.getBlobClient(name);
  const { metadata = {}, contentType = "" } = await blob.getProperties();
  const bytes = await blob.downloadToBuffer();
  return {
    sizeBytes: bytes.length,
    contentType,
    durationSeconds: await readDuration(bytes),
    conversionId: metadata["conversionid"] ?? "",
    attempt: metadata["attempt"] ?? "",
    sourceETag: metadata["sourceetag"] ?? "",
  };
}

/** 0 for what is no MP3. */
async function readDuration(bytes: Buffer): Promise<number> {
  try {
    const { format } = await parseBuffer(bytes, { mimeType: "audio/mpeg" }, { duration: true });
    return format.duration ?? 0;
  } catch {
    return 0;
  }
}
