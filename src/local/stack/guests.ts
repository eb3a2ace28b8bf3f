import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DataFolder } from "./dataFolder.ts";
import { inWords } from "./dataFolder.ts";
import { readJsonFile, writeJsonFile } from "../kit/jsonFile.ts";
import type { ProcessIdentity } from "../kit/processIdentity.ts";
import { isRunning, ownIdentity } from "../kit/processIdentity.ts";

/** Notes that this process uses a stack it did not start, so that the owner waits. The returned function removes the note. */
export function enterAsGuest(folder: DataFolder): () => void {
  const path = join(folder.guests, `${process.pid}.json`);
  try {
    mkdirSync(folder.guests, { recursive: true, mode: 0o700 });
    writeJsonFile(path, ownIdentity());
  } catch (cause) {
    throw inWords(cause, folder);
  }
  return () => rmSync(path, { force: true });
}

/** The running processes that use the folder's stack without having started it. */
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
