import { sep } from "node:path";
import { MAX_BLOB_NAME_LENGTH } from "../../model/identity.ts";
import type { Skipped } from "./skipped.ts";

/** A file on this machine that is to be converted. */
export interface FoundFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** How many of the last segments of its path make up its name: 1 for a file that was named itself. */
  readonly depth: number;
}

interface NamedFile extends FoundFile {
  /** With this machine's separators. */
  readonly relativePath: string;
  readonly blobName: string;
}

/**
 * A file that was named itself gets its base name, a file found in a folder its path from there. Files that would share
 * a name get the names of their parent folders in front, as many as it takes to tell them apart.
 */
export function giveUniqueNames(files: readonly FoundFile[]): { named: NamedFile[]; nameless: Skipped[] } {
  let named = files.map(nameAtDepth);
  for (;;) {
    const shared = repeated(named.map((file) => file.blobName));
    const isShared = (file: NamedFile): boolean => shared.has(file.blobName);
    const canGrow = (file: NamedFile): boolean => isShared(file) && file.depth < segmentsOf(file.path).length;
    if (!named.some(canGrow)) {
      const nameless = named.flatMap((file) => problemWith(file, isShared(file)) ?? []);
      const skipped = new Set(nameless.map(({ path }) => path));
      return { named: named.filter(({ path }) => !skipped.has(path)), nameless };
    }
    named = named.map((file) => (canGrow(file) ? nameAtDepth({ ...file, depth: file.depth + 1 }) : file));
  }
}

function repeated(names: readonly string[]): Set<string> {
  const seen = new Set<string>();
  return new Set(names.filter((name) => seen.size === seen.add(name).size));
}

function nameAtDepth({ path, sizeBytes, depth }: FoundFile): NamedFile {
  const segments = segmentsOf(path).slice(-depth);
  return {
    path,
    sizeBytes,
    depth,
    relativePath: segments.join(sep),
    blobName: segments.map(blobSegment).join("/"),
  };
}

/** Blob names cannot hold control characters, and the service takes a backslash for a slash. */
function blobSegment(segment: string): string {
  // oxlint-disable-next-line no-control-regex -- finding them is the point
  return segment.replace(/[\u0000-\u001F\u007F-\u009F\\]/g, encodeURIComponent);
}

function segmentsOf(path: string): string[] {
  return path.split(sep).filter((segment) => segment !== "");
}

function problemWith({ path, blobName }: NamedFile, isShared: boolean): Skipped | undefined {
  if (isShared) {
    return { path, code: "NameTaken", message: "another file would get the same blob name; rename one of them" };
  }
  if (blobName.length <= MAX_BLOB_NAME_LENGTH) return undefined;
  const message = `it would need a blob name of ${blobName.length} characters; ${MAX_BLOB_NAME_LENGTH} are allowed`;
  return { path, code: "NameTooLong", message };
}
