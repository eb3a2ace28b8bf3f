import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { StackConnection } from "../../../src/local/stack/stackState.ts";
import { METADATA } from "../../../src/results/targets.ts";
import type { ScaleStack } from "./scaleStack.ts";

/** What is in the containers at the end, by blob name, as listings show it. */
export interface Evidence {
  readonly inputs: ReadonlySet<string>;
  readonly records: ReadonlyMap<string, FoundResult & { readonly status: string }>;
  readonly mp3s: ReadonlyMap<string, FoundResult & { readonly sizeBytes: number }>;
  readonly staged: readonly string[];
}

/** From its metadata. */
interface FoundResult {
  readonly conversionId: string;
  readonly attempt: string;
}

export async function collectEvidence(stack: ScaleStack): Promise<Evidence> {
  const inputs = new Set<string>();
  for await (const { name } of stack.container("input").listBlobsFlat()) inputs.add(name);
  const records = new Map<string, FoundResult & { status: string }>();
  const mp3s = new Map<string, FoundResult & { sizeBytes: number }>();
  for await (const blob of stack.container("output").listBlobsFlat({ includeMetadata: true })) {
    const { name, metadata = {}, properties } = blob;
    const found = {
      conversionId: metadata[METADATA.conversionId] ?? "",
      attempt: metadata[METADATA.attempt] ?? "",
    };
    if (name.endsWith(".json")) records.set(name, { ...found, status: metadata[METADATA.status] ?? "" });
    else if (name.endsWith(".mp3")) mp3s.set(name, { ...found, sizeBytes: properties.contentLength ?? 0 });
  }
  const staged: string[] = [];
  for await (const { name } of stack.container("work").listBlobsFlat()) staged.push(name);
  return { inputs, records, mp3s, staged };
}

/** How many events the history of each of these conversions has, in the last generation of its orchestration. */
export async function countHistoryEvents(connection: StackConnection, ids: readonly string[]): Promise<number[]> {
  const key = readSystemKey(connection.data);
  return Promise.all(
    ids.map(async (id) => {
      const path = `runtime/webhooks/durabletask/instances/${id}?showHistory=true&code=${key}`;
      const response = await fetch(`${connection.functions.url}/${path}`);
      if (!response.ok) throw new Error(`The host answered ${response.status} for the history of ${id}`);
      return ((await response.json()) as { historyEvents: readonly unknown[] }).historyEvents.length;
    }),
  );
}

/** The host keeps it with its state; only links that it gives to the app have it. */
function readSystemKey(data: string): string {
  const folder = join(data, "functions");
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".journal"))) {
    const key = /"systemKey":"([\w-]+)"/.exec(readFileSync(join(folder, file), "utf8"))?.[1];
    if (key !== undefined) return key;
  }
  throw new Error(`No file in ${folder} has the system key of the host`);
}
