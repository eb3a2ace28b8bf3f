import { createReadStream } from "node:fs";
import type { Stats } from "node:fs";
import { readdir, realpath, rm, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import type { Readable } from "node:stream";
import type { Choices } from "../choices.ts";
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

/** Paths and links that leave the folder are refused as if nothing were there. */
export async function openNodeFile(root: string, path: string): Promise<NodeFile> {
  const segments = path.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.length === 0 || segments.includes("..") || path.includes("\0")) throw new ServiceError("FileNotFound");
  try {
    const real = await realpath(join(root, ...segments));
    if (!real.startsWith((await realpath(root)) + sep)) throw new ServiceError("FileNotFound");
    return { path: real, stats: await stat(real) };
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause;
    throw new ServiceError("FileNotFound");
  }
}

export async function listNodeFiles(root: string, isRecursive: boolean, prefix = ""): Promise<ListedFile[]> {
  const entries = await readdir(join(root, prefix), { withFileTypes: true }).catch(() => []);
  const files: ListedFile[] = [];
  for (const entry of entries) {
    const name = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    // The files of running tasks come and go.
    const stats = await stat(join(root, name)).catch(() => undefined);
    if (stats === undefined) continue;
    files.push({ name, stats });
    if (isRecursive && entry.isDirectory()) files.push(...(await listNodeFiles(root, true, name)));
  }
  return files;
}

export async function deleteNodeFile({ path, stats }: NodeFile, isRecursive: boolean): Promise<void> {
  if (stats.isDirectory() && !isRecursive && (await readdir(path)).length > 0) {
    throw new ServiceError("OperationInvalidForCurrentState", {
      message: "The specified directory is not empty; set the query parameter recursive to true to delete it.",
    });
  }
  await rm(path, { recursive: true, force: true });
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
export function readNodeFile({ path }: NodeFile, { start, length }: Range): Readable | undefined {
  return length === 0 ? undefined : createReadStream(path, { start, end: start + length - 1 });
}
