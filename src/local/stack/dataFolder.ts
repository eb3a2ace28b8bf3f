import { accessSync, constants, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { holderOf, lockFolder } from "../kit/folderLock.ts";
import type { ProcessIdentity } from "../kit/processIdentity.ts";
import { UserError } from "../kit/userError.ts";

/** Where each part of the stack keeps its files. */
export interface DataFolder {
  readonly path: string;
  readonly azurite: string;
  readonly logs: string;
  /** Holds exactly `ffmpeg` and `ffprobe`. */
  readonly bin: string;
  /** The process that runs the stack on this folder. */
  readonly lock: string;
  /** How to reach the running stack. */
  readonly stack: string;
  /** The ports used last time. */
  readonly ports: string;
  /** The processes of the stack, so that the next one can wait for them. */
  readonly children: string;
  /** One file for each process that uses a stack it did not start. */
  readonly guests: string;
}

/** Where the data folder is if the user names none, in the folder that the user is in. */
export const DEFAULT_DATA = ".mp3drop";

export function dataFolderAt(path: string): DataFolder {
  const at = (name: string): string => join(resolve(path), name);
  return {
    path: resolve(path),
    azurite: at("azurite"),
    logs: at("logs"),
    bin: at("bin"),
    lock: at("stack.lock"),
    stack: at("stack.json"),
    ports: at("ports.json"),
    children: at("children.json"),
    guests: at("guests"),
  };
}

export function createDataFolder(folder: DataFolder): void {
  try {
    for (const path of [folder.path, folder.logs, folder.bin, folder.guests]) mkdirSync(path, { recursive: true });
    accessSync(folder.path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new UserError("DataFolderNotWritable", `The data folder ${folder.path} cannot be written (${reason})`, {
      cause,
      hint: "Choose another data folder with --data.",
    });
  }
}

/** Makes this process the only one that runs a stack on the folder; call the returned function to let go. */
export function lockDataFolder(folder: DataFolder): () => void {
  return lockFolder(folder.lock, "mp3drop");
}

/** The living process that runs a stack on the folder, or is about to. */
export function lockHolder(folder: DataFolder): ProcessIdentity | undefined {
  return holderOf(folder.lock);
}
