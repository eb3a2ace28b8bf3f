import { readdirSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import type { Workload } from "../../workloads/workload.ts";
import { accepts } from "../../workloads/workload.ts";
import { seeHelp, wrongUsage } from "../../local/kit/commandLine/args.ts";
import { printable } from "../../local/kit/commandLine/printable.ts";
import type { FoundFile } from "./blobNames.ts";
import { giveUniqueNames } from "./blobNames.ts";

/** A file on this machine, what is to be made of it, and where the result goes. */
export interface Source {
  readonly path: string;
  readonly workload: Workload;
  /** The blob's name in the input container. */
  readonly blobName: string;
  readonly sizeBytes: number;
  readonly resultPath: string;
}

/**
 * The files that the arguments name, in that order, each once for every workload that takes it. Throws one error that
 * lists every problem.
 */
export function collectSources(
  args: readonly string[],
  folder: string,
  out: string | undefined,
  workloads: readonly Workload[],
): Source[] {
  if (args.length === 0) throw wrongUsage("No file or folder was given", seeHelp("mp3drop convert"));
  const problems: string[] = [];
  const files = new Map<string, FoundFile>();
  for (const arg of args) {
    try {
      for (const file of filesOf(resolve(folder, arg), workloads)) {
        if (!files.has(file.path)) files.set(file.path, file);
      }
    } catch (error) {
      problems.push(`${printable(arg)}: ${reasonOf(error)}`);
    }
  }
  if (problems.length > 0) {
    const taken = workloads.map(({ takes }) => takes).join(" or ");
    throw wrongUsage(problems.join("\n"), `Name ${taken}, or folders that contain some.`);
  }
  return giveUniqueNames([...files.values()]).flatMap(({ path, sizeBytes, blobName, relativePath }) =>
    workloadsFor(path, workloads).map((workload) => ({
      path,
      workload,
      blobName,
      sizeBytes,
      resultPath: workload.resultNameFor(out === undefined ? path : join(resolve(folder, out), relativePath)),
    })),
  );
}

function filesOf(path: string, workloads: readonly Workload[]): FoundFile[] {
  const stats = statSync(path);
  if (stats.isDirectory()) {
    const found = withoutResults(filesBelow(path, workloads), workloads);
    if (found.length === 0) throw new Error(`there is no ${suffixesOf(workloads)} file in this folder or below it`);
    return found.map((file) => ({
      path: file,
      sizeBytes: statSync(file).size,
      depth: relative(path, file).split(sep).length,
    }));
  }
  if (workloadsFor(path, workloads).length === 0) throw new Error(`its name does not end in ${suffixesOf(workloads)}`);
  if (!stats.isFile()) throw new Error("it is not a regular file");
  return [{ path, sizeBytes: stats.size, depth: 1 }];
}

/** Links to files count; links to folders do not, because they may lead in circles. */
function filesBelow(folder: string, workloads: readonly Workload[]): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path, workloads);
    return workloadsFor(entry.name, workloads).length > 0 && isRegularFile(path) ? [path] : [];
  });
}

/** A folder that is converted again holds the results of the last time beside its files. */
function withoutResults(paths: readonly string[], workloads: readonly Workload[]): string[] {
  const results = new Set(
    paths.flatMap((path) => workloadsFor(path, workloads).map((workload) => workload.resultNameFor(path))),
  );
  return paths.filter((path) => !results.has(path));
}

function workloadsFor(path: string, workloads: readonly Workload[]): Workload[] {
  return workloads.filter((workload) => accepts(workload, path));
}

function suffixesOf(workloads: readonly Workload[]): string {
  return [...new Set(workloads.flatMap(({ suffixes }) => suffixes))].join(" or ");
}

function isRegularFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such file or folder";
  if (code === "EACCES") return `it cannot be read (${message})`;
  return message;
}
