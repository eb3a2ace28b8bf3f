import type { Failure } from "./failures.ts";
import { failureOf } from "./failures.ts";

const GIB = 1024 ** 3;

/** How much of a disk tasks can use: a file system keeps 5 % for root, and the node agent and the task logs take some. */
const USABLE_SHARE = 0.9;

/** What a task needs beside its input: the result, and the scratch files and logs of its tools. */
const ROOM_PER_INPUT = 1.25;

/**
 * Sizes whose temporary disk grows with their vCPUs. From version 6 on, those with more than 8 vCPUs have several disks.
 * https://learn.microsoft.com/azure/virtual-machines/sizes/general-purpose/ddsv5-series, and the same for ddsv4, dadsv5,
 * ddsv6 and dadsv6
 */
const FAMILIES: readonly { readonly pattern: RegExp; readonly gibPerVcpu: number; readonly maxVcpus: number }[] = [
  { pattern: /^standard_d(\d+)ds?_v4$/i, gibPerVcpu: 37.5, maxVcpus: 64 },
  { pattern: /^standard_d(\d+)(?:ds?|ads)_v5$/i, gibPerVcpu: 37.5, maxVcpus: 96 },
  { pattern: /^standard_d(\d+)a?ds_v6$/i, gibPerVcpu: 55, maxVcpus: 8 },
];

/** The temporary disk of a node of this size, on which Batch keeps its tasks; undefined for a size that is not known here. */
export function temporaryDiskBytes(vmSize: string): number | undefined {
  for (const { pattern, gibPerVcpu, maxVcpus } of FAMILIES) {
    const vcpus = Number(pattern.exec(vmSize)?.[1] ?? 0);
    if (vcpus > 0 && vcpus <= maxVcpus) return vcpus * gibPerVcpu * GIB;
  }
  return undefined;
}

/** What of a node limits the size of its inputs. */
export interface NodeRoom {
  /** Undefined: not known. */
  readonly nodeDiskBytes: number | undefined;
  readonly taskSlotsPerNode: number;
}

/**
 * Why a file is too large for a node, if as large ones may be converted in all of its slots at the same time; undefined if
 * it is not. A full disk makes a node unusable for everyone, so what would fill it must not get there.
 */
export function whyTooLarge({ nodeDiskBytes, taskSlotsPerNode }: NodeRoom, sizeBytes: number): Failure | undefined {
  if (nodeDiskBytes === undefined) return undefined;
  const largest = Math.floor((nodeDiskBytes * USABLE_SHARE) / (ROOM_PER_INPUT * taskSlotsPerNode));
  if (sizeBytes <= largest) return undefined;
  const slots = taskSlotsPerNode === 1 ? "1 slot" : `${taskSlotsPerNode} slots`;
  const limit = `a node with a disk of ${gigabytes(nodeDiskBytes)} and ${slots} takes up to ${gigabytes(largest)}`;
  return failureOf("InputTooLarge", `The file has ${gigabytes(sizeBytes)}; ${limit}`);
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
