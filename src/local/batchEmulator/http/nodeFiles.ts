import { constants } from "node:fs";
import type { ReadStream, Stats } from "node:fs";
import { lstat, open, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Choices } from "../choices.ts";
import { realPathIn } from "../confined.ts";
import type { Confinement } from "../confined.ts";
import { ServiceError } from "../serviceError.ts";

/** A file or folder below the folder of a task or a node. */
export interface NodeFile {
  readonly path: string;
  readonly stats: Stats;
}

export interface ListedFile {
  readonly name: string;
  readonly stats: Stats;
}

/** Paths and links that leave the folder are refused as if nothing were there. So are pipes and devices. */
export async function openNodeFile(root: Confinement, path: string): Promise<NodeFile> {
  const real = await realPathIn(root, pathBelow(root, path));
  const stats = real === undefined ? undefined : await stat(real).catch(() => undefined);
  if (real === undefined || stats === undefined || !isFileOrFolder(stats)) throw new ServiceError("FileNotFound");
  return { path: real, stats };
}

/** Links that leave the folder are left out; no link is followed to what is below it. */
export async function listNodeFiles(root: Confinement, isRecursive: boolean): Promise<ListedFile[]> {
  const files: ListedFile[] = [];
  if ((await realPathIn(root, root.folder)) !== undefined) await list(root, isRecursive, "", files);
  return files;
}

async function list(root: Confinement, isRecursive: boolean, prefix: string, files: ListedFile[]): Promise<void> {
  const entries = await readdir(join(root.folder, prefix), { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const name = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    const path = join(root.folder, name);
    const real = entry.isSymbolicLink() ? await realPathIn(root, path) : path;
    // The files of running tasks come and go.
    const stats = real === undefined ? undefined : await stat(real).catch(() => undefined);
    if (stats === undefined || !isFileOrFolder(stats)) continue;
    files.push({ name, stats });
    if (isRecursive && entry.isDirectory()) await list(root, isRecursive, name, files);
  }
}

/** A link is deleted itself, and not what it leads to. */
export async function deleteNodeFile(root: Confinement, path: string, isRecursive: boolean): Promise<void> {
  const asked = pathBelow(root, path);
  const folder = await realPathIn(root, dirname(asked));
  const real = join(folder ?? "", basename(asked));
  const stats = folder === undefined ? undefined : await lstat(real).catch(() => undefined);
  if (stats === undefined) throw new ServiceError("FileNotFound");
  if (stats.isDirectory() && !isRecursive && (await readdir(real)).length > 0) {
    throw new ServiceError("OperationInvalidForCurrentState", {
      message: "The specified directory is not empty; set the query parameter recursive to true to delete it.",
    });
  }
  await rm(real, { recursive: true, force: true });
}

function pathBelow({ folder }: Confinement, path: string): string {
  const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.length === 0 || segments.includes("..") || path.includes("\0")) throw new ServiceError("FileNotFound");
  return join(folder, ...segments);
}

/** Reading from a pipe may wait for ever. */
function isFileOrFolder(stats: Stats): boolean {
  return stats.isFile() || stats.isDirectory();
}

interface Range {
  readonly start: number;
  readonly length: number;
}

/** `bytes=a-b`; it may reach beyond the end of the file. */
export function parseRange(
  header: string | undefined,
  size: number,
  emptyFile: Choices["emptyFileRange"],
): Range | undefined {
  if (header === undefined) return undefined;
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(header.trim()) ?? [];
  if (from === undefined) {
    throw new ServiceError("InvalidHeaderValue", {
      values: [
        { key: "HeaderName", value: "ocp-range" },
        { key: "HeaderValue", value: header },
      ],
    });
  }
  const start = Number(from);
  const last = to === undefined || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (size === 0 && start === 0 && emptyFile === "answer") return { start, length: 0 };
  if (start >= size || last < start) throw new ServiceError("InvalidRange");
  return { start, length: last - start + 1 };
}

/** Never more than there was when the answer began, since a running task goes on writing. */
export async function readNodeFile({ path }: NodeFile, { start, length }: Range): Promise<ReadStream | undefined> {
  if (length === 0) return undefined;
  try {
    // The task may have put a link or a pipe in its place meanwhile.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    return file.createReadStream({ start, end: start + length - 1 });
  } catch {
    throw new ServiceError("FileNotFound");
  }
}
