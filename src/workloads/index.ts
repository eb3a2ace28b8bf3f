import { mp3 } from "./mp3/index.ts";
import { topWords } from "./topWords/index.ts";
import type { ParsedOptions } from "./options.ts";
import { NO_OPTIONS, parseMetadata } from "./options.ts";
import type { Workload } from "./workload.ts";

/** Every workload there is. The setting WORKLOADS chooses among them; its default is the first. */
export const WORKLOADS: readonly Workload[] = [mp3, topWords];

/** Throws a `RangeError` for a name that no workload has. */
export function workloadNamed(name: string): Workload {
  const found = WORKLOADS.find((workload) => workload.name === name);
  if (found === undefined) throw new RangeError(`There is no workload "${name}"`);
  return found;
}

/**
 * The options that the metadata of a blob have for a workload. Those of other workloads are left alone, because these may
 * take the same blob.
 */
export function optionsIn(metadata: Readonly<Record<string, string>>, { name, options }: Workload): ParsedOptions {
  const others = WORKLOADS.filter((other) => other.name !== name).flatMap((other) => other.options?.table ?? []);
  const otherKeys = others.map(({ metadataKey }) => metadataKey);
  return parseMetadata(options ?? NO_OPTIONS, metadata, otherKeys);
}
