import { mkdirSync, statSync } from "node:fs";
import { dirname, sep } from "node:path";
import { isSystemError } from "./systemError.ts";

/**
 * Creates a folder and those above it that are missing, all with this mode. Throws what the system says when it will not.
 *
 * Step by step: where a folder cannot be created, `recursive` of `mkdirSync` gives a wrong reason (ENOENT on a read-only
 * file system) or never returns (below /proc).
 */
export function createFolder(folder: string, mode = 0o777): void {
  if (isFolder(folder)) return;
  if (dirname(folder) !== folder) createFolder(dirname(folder), mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Unless somebody else was faster.
    if (!isFolder(folder)) throw error;
  }
}

/** Throws ENOTDIR when something else is there, because of the separator at the end. */
function isFolder(path: string): boolean {
  try {
    statSync(`${path}${sep}`);
    return true;
  } catch (error) {
    // `throwIfNoEntry` would keep ENOTDIR to itself in newer versions of Node.
    if (isSystemError(error) && error.code === "ENOENT") return false;
    throw error;
  }
}
