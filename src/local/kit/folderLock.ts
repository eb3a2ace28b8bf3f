import { linkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { DataFolder } from "../stack/dataFolder.ts";
import { readJsonFile } from "./jsonFile.ts";
import type { ProcessIdentity } from "./processIdentity.ts";
import { identifyProcess, isRunning } from "./processIdentity.ts";
import { UserError } from "./userError.ts";

/**
 * Makes this process the only one that runs a stack on the folder; the answer gives it up again.
 * A lock whose process is gone, by `kill -9` or a power cut, counts for nothing.
 */
export function lockDataFolder(folder: DataFolder): () => void {
  const mine = identifyProcess(process.pid) ?? { pid: process.pid, startedAt: null };
  const draft = `${folder.lock}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine));
  try {
    while (!tryLink(draft, folder.lock)) {
      const holder = lockHolder(folder);
      if (holder !== undefined) throw inUse(folder, holder);
      removeStale(folder.lock, `${draft}.stale`);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return () => rmSync(folder.lock, { force: true });
}

/** The living process that runs a stack on the folder, or is about to. */
export function lockHolder(folder: DataFolder): ProcessIdentity | undefined {
  const holder = readJsonFile<ProcessIdentity>(folder.lock);
  return holder !== undefined && isRunning(holder) ? holder : undefined;
}

function inUse(folder: DataFolder, holder: ProcessIdentity): UserError {
  return new UserError("DataFolderInUse", `Another mp3drop (process ${holder.pid}) runs on ${folder.path}`, {
    hint: "Stop that one first, or choose another data folder with --data.",
  });
}

/** A link appears with its content or not at all, and only one of two can make it. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Between our look and the removal another process may have replaced the stale lock by its own: then it is put back. */
function removeStale(lock: string, aside: string): void {
  try {
    renameSync(lock, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  const moved = readJsonFile<ProcessIdentity>(aside);
  if (moved !== undefined && isRunning(moved)) tryLink(aside, lock);
  rmSync(aside, { force: true });
}
