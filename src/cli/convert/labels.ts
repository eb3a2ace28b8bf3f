import { relative } from "node:path";
import { printable } from "../../local/kit/commandLine/printable.ts";
import type { Source } from "./sources.ts";

/** As short as a user in the folder would write it. */
export function nameOf(path: string, folder: string): string {
  const short = relative(folder, path);
  return printable(short.startsWith("..") ? path : short);
}

/** A file that several workloads take is shown with the name of the workload. */
export function createLabels(sources: readonly Source[], folder: string): (source: Source) => string {
  const seen = new Set<string>();
  const shared = new Set(sources.map(({ path }) => path).filter((path) => seen.size === seen.add(path).size));
  return ({ path, workload }) => nameOf(path, folder) + (shared.has(path) ? ` (${workload.name})` : "");
}
