import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DataFolder } from "./dataFolder.ts";
import { readJsonFile, writeJsonFile } from "../kit/jsonFile.ts";
import type { ProcessIdentity } from "../kit/processIdentity.ts";
import { isRunning, ownIdentity } from "../kit/processIdentity.ts";

/** Notes that this process uses a stack which it did not start, so that its owner waits; call what it returns to leave. */
export function enterAsGuest(folder: DataFolder): () => void {
  mkdirSync(folder.guests, { recursive: true });
  const path = join(folder.guests, `${process.pid}.json`);
  writeJsonFile(path, ownIdentity());
  return () => rmSync(path, { force: true });
}

/** The living processes that use the stack of the folder without having started it. */
export function guestsOf(folder: DataFolder): ProcessIdentity[] {
  return guestFiles(folder).flatMap((file) => {
    const guest = readJsonFile<ProcessIdentity>(join(folder.guests, file));
    return guest !== undefined && isRunning(guest) ? [guest] : [];
  });
}

function guestFiles(folder: DataFolder): string[] {
  try {
    return readdirSync(folder.guests).filter((name) => name.endsWith(".json"));
  } catch {
    return [];
  }
}
