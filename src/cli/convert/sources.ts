import { statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Workload } from "../../workloads/workload.ts";
import { accepts } from "../../workloads/workload.ts";
import { seeHelp, wrongUsage } from "../../local/kit/commandLine/args.ts";
import { printable } from "../../local/kit/commandLine/printable.ts";
import type { FoundFile } from "./blobNames.ts";
import { giveUniqueNames } from "./blobNames.ts";
import type { Found } from "./filesBelow.ts";
import { filesBelow, kindOf } from "./filesBelow.ts";
import type { Skipped } from "./skipped.ts";
import { systemReason } from "./systemReason.ts";

/** A file on this machine, what is to be made of it, and where the result goes. */
export interface Source {
  readonly path: string;
  readonly workload: Workload;
  /** The blob's name in the input container. */
  readonly blobName: string;
  readonly sizeBytes: number;
  readonly resultPath: string;
}

export interface Collection {
  readonly sources: readonly Source[];
  /** What looks as if it should be converted, and cannot be. */
  readonly skipped: readonly Skipped[];
}

/**
 * The files that the arguments name, in that order, each once for every workload that takes it. What is wrong with an
 * argument itself is the user's mistake: throws one error that lists every such problem. What is wrong with something in
 * a folder concerns nothing else: it is skipped.
 */
export function collectSources(
  args: readonly string[],
  folder: string,
  out: string | undefined,
  workloads: readonly Workload[],
): Collection {
  if (args.length === 0) throw wrongUsage("No file or folder was given", seeHelp("mp3drop convert"));
  const problems: string[] = [];
  const files = new Map<string, FoundFile>();
  const skipped = new Map<string, Skipped>();
  for (const arg of args) {
    try {
      const found = find(resolve(folder, arg), workloads);
      for (const file of found.files) if (!files.has(file.path)) files.set(file.path, file);
      for (const entry of found.skipped) skipped.set(entry.path, entry);
    } catch (error) {
      problems.push(`${printable(arg)}: ${reasonOf(error, arg)}`);
    }
  }
  if (problems.length > 0) {
    const taken = workloads.map(({ takes }) => takes).join(" or ");
    throw wrongUsage(problems.join("\n"), `Name ${taken}, or folders that contain some.`);
  }
  return nameAll([...files.values()], [...skipped.values()], folder, out, workloads);
}

/** The files in one folder and below it, of which there may be none. Throws an error of the system if it cannot be read. */
export function sourcesBelow(
  root: string,
  folder: string,
  out: string | undefined,
  workloads: readonly Workload[],
): Collection {
  const { files, skipped } = findBelow(root, workloads);
  return nameAll(files, skipped, folder, out, workloads);
}

function nameAll(
  files: readonly FoundFile[],
  skipped: readonly Skipped[],
  folder: string,
  out: string | undefined,
  workloads: readonly Workload[],
): Collection {
  const { named, nameless } = giveUniqueNames(files);
  const sources = named.flatMap(({ path, sizeBytes, blobName, relativePath }) =>
    workloadsFor(path, workloads).map((workload) => ({
      path,
      workload,
      blobName,
      sizeBytes,
      resultPath: workload.resultNameFor(out === undefined ? path : join(resolve(folder, out), relativePath)),
    })),
  );
  return { sources, skipped: [...skipped, ...nameless] };
}

function find(path: string, workloads: readonly Workload[]): Found {
  const stats = statSync(path);
  const suffixes = suffixesOf(workloads);
  if (stats.isDirectory()) {
    const found = findBelow(path, workloads);
    if (found.files.length + found.skipped.length > 0) return found;
    throw new Error(`there is no ${suffixes} file in this folder or below it`);
  }
  if (workloadsFor(path, workloads).length === 0) throw new Error(`its name does not end in ${suffixes}`);
  if (!stats.isFile()) throw new Error(`it is a ${kindOf(stats)}`);
  return { files: [{ path, sizeBytes: stats.size, depth: 1 }], skipped: [] };
}

function findBelow(folder: string, workloads: readonly Workload[]): Found {
  const { files, skipped } = filesBelow(folder, (name) => workloadsFor(name, workloads).length > 0);
  return { files: withoutResults(files, workloads), skipped };
}

/** A folder that is converted again holds the results of the last time beside its files. */
function withoutResults(files: readonly FoundFile[], workloads: readonly Workload[]): FoundFile[] {
  const results = new Set(
    files.flatMap(({ path }) => workloadsFor(path, workloads).map((workload) => workload.resultNameFor(path))),
  );
  return files.filter(({ path }) => !results.has(path));
}

function workloadsFor(path: string, workloads: readonly Workload[]): Workload[] {
  return workloads.filter((workload) => accepts(workload, path));
}

function suffixesOf(workloads: readonly Workload[]): string {
  return [...new Set(workloads.flatMap(({ suffixes }) => suffixes))].join(" or ");
}

function reasonOf(error: unknown, arg: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOENT") return systemReason(error);
  // Node has put this mark in the place of what it could not decode.
  const isGarbled = arg.includes("\uFFFD");
  return isGarbled ? "its name is not UTF-8; name the folder that it is in" : "there is no such file or folder";
}
