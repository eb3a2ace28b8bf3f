import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../kit/userError.ts";
import { startTimeOf } from "./runner/processes.ts";

const held = new Set<string>();

/**
 * Keeps two emulators off one journal. A lock whose owner is dead, as after a kill -9, counts for nothing; the start
 * time tells the owner from another process that was given its pid. Returns what gives the lock back.
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "lock");
  const owner = readOwner(path);
  if (held.has(path) || (owner !== undefined && owner.pid !== process.pid && isRunning(owner))) {
    throw new UserError("DataFolderInUse", `Another Batch emulator (process ${owner?.pid ?? "?"}) uses ${folder}`, {
      hint: "Stop it, or choose another folder with --data.",
    });
  }
  writeFileSync(path, JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) }));
  held.add(path);
  return () => {
    held.delete(path);
    rmSync(path, { force: true });
  };
}

interface Owner {
  readonly pid: number;
  readonly startTime: string | undefined;
}

function isRunning(owner: Owner): boolean {
  return startTimeOf(owner.pid) !== undefined && startTimeOf(owner.pid) === owner.startTime;
}

function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}
