import { mp3 } from "./mp3/index.ts";
import { topWords } from "./topWords/index.ts";
import type { Workload } from "./workload.ts";

/** Every workload there is. The setting WORKLOADS chooses among them; its default is the first. */
export const WORKLOADS: readonly Workload[] = [mp3, topWords];

/** Throws a `RangeError` for a name that no workload has. */
export function workloadNamed(name: string): Workload {
  const found = WORKLOADS.find((workload) => workload.name === name);
  if (found === undefined) throw new RangeError(`There is no workload "${name}"`);
  return found;
}
