import { isUtf8 } from "node:buffer";
import type { Dirent, Stats } from "node:fs";
import { readdirSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import type { FoundFile } from "./blobNames.ts";
import type { Skipped } from "./skipped.ts";
import { systemReason } from "./systemReason.ts";

export interface Found {
  readonly files: readonly FoundFile[];
  readonly skipped: readonly Skipped[];
}

/**
 * The files in a folder and below it that have a name of the right kind, in the order of their names. Links to files
 * count; links to folders do not, because they may lead in circles. Throws only if the folder itself cannot be read.
 */
export function filesBelow(root: string, isTaken: (name: string) => boolean): Found {
  const files: FoundFile[] = [];
  const skipped: Skipped[] = [];

  const visit = (entries: readonly Entry[], folder: string): void => {
    for (const entry of entries) {
      const path = join(folder, entry.name);
      const skip = (code: Skipped["code"], message: string): void => void skipped.push({ path, code, message });
      if (!entry.isUtf8) {
        if (entry.isFolder || isTaken(entry.name)) skip("NameNotUtf8", "its name is not UTF-8");
      } else if (entry.isFolder) {
        const below = unlessRefused(
          () => entriesOf(path),
          (error) => skip("Unreadable", systemReason(error)),
        );
        if (below !== undefined) visit(below, path);
      } else if (entry.isLink || isTaken(entry.name)) {
        const stats = unlessRefused(
          () => statSync(path),
          (error) => {
            if (isTaken(entry.name)) skip(...whyMissing(error, entry.isLink));
          },
        );
        if (stats?.isDirectory()) skip("FolderLink", "links to folders are not followed");
        else if (stats === undefined || !isTaken(entry.name)) continue;
        else if (!stats.isFile()) skip("NotAFile", `it is a ${kindOf(stats)}`);
        else files.push({ path, sizeBytes: stats.size, depth: relative(root, path).split(sep).length });
      }
    }
  };

  visit(entriesOf(root), root);
  return { files, skipped };
}

interface Entry {
  readonly name: string;
  readonly isUtf8: boolean;
  readonly isFolder: boolean;
  readonly isLink: boolean;
}

function entriesOf(folder: string): Entry[] {
  return readdirSync(folder, { withFileTypes: true, encoding: "buffer" })
    .map(toEntry)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function toEntry(entry: Dirent<Buffer>): Entry {
  const isName = isUtf8(entry.name);
  return {
    name: isName ? entry.name.toString() : withBytesWrittenOut(entry.name),
    isUtf8: isName,
    isFolder: entry.isDirectory(),
    isLink: entry.isSymbolicLink(),
  };
}

function withBytesWrittenOut(name: Buffer): string {
  return name.toString("latin1").replace(/[\u0080-\u00FF]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`);
}

function unlessRefused<Result>(action: () => Result, onRefusal: (error: unknown) => void): Result | undefined {
  try {
    return action();
  } catch (error) {
    onRefusal(error);
    return undefined;
  }
}

function whyMissing(error: unknown, isLink: boolean): [Skipped["code"], string] {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ELOOP") return ["BrokenLink", "its links lead in a circle"];
  if (code === "ENOENT") {
    return isLink ? ["BrokenLink", "the link leads nowhere"] : ["NotFound", "it has been deleted in the meantime"];
  }
  return ["Unreadable", systemReason(error)];
}

export function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "folder";
  if (stats.isFIFO()) return "pipe";
  return stats.isSocket() ? "socket" : "device";
}
