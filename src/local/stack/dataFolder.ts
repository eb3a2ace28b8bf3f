import { accessSync, chmodSync, constants, lstatSync, readdirSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { delimiter, join, relative, resolve } from "node:path";
import { createFolder } from "../kit/createFolder.ts";
import { errorMessage } from "../kit/errorText.ts";
import { holderOf, lockFolder } from "../kit/folderLock.ts";
import type { ProcessIdentity } from "../kit/processIdentity.ts";
import { isOutOfSpace, isSystemError, unusableDataFolder } from "../kit/systemError.ts";
import { UserError } from "../kit/userError.ts";

/** Where each part of the stack keeps its files. */
export interface DataFolder {
  readonly path: string;
  readonly azurite: string;
  readonly batch: string;
  readonly functions: string;
  readonly logs: string;
  /** Holds exactly `ffmpeg` and `ffprobe`. */
  readonly bin: string;
  /** The keys of the accounts. */
  readonly keys: string;
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
    batch: at("batch"),
    functions: at("functions"),
    logs: at("logs"),
    bin: at("bin"),
    keys: at("keys.json"),
    lock: at("stack.lock"),
    stack: at("stack.json"),
    ports: at("ports.json"),
    children: at("children.json"),
    guests: at("guests"),
  };
}

const ROOT = 0;
const OWNER_ONLY = 0o700;
const OTHERS = 0o077;
const OTHERS_MAY_WRITE = 0o022;
/** In such a folder everybody may add files but change only their own. */
const STICKY = 0o1000;

/**
 * Creates the folder and those in it, for nobody but the owner. Folders of earlier stacks are closed to others, too;
 * a folder that holds anything else keeps its mode, since it is not only ours.
 *
 * Returns what the user should know about the folder, if there is something.
 */
export function createDataFolder(folder: DataFolder): string | undefined {
  const { path, azurite, batch, functions, logs, bin, guests } = folder;
  if (path.includes(delimiter)) {
    throw new UserError("BadDataFolder", `The data folder ${path} has "${delimiter}" in its path, which divides PATH`, {
      hint: "Choose another data folder with --data: tasks find ffmpeg by PATH.",
    });
  }
  refuseOthersFolder(folder);
  const parts = [azurite, batch, functions, logs, bin, guests];
  try {
    createFolder(path, OWNER_ONLY);
    const isOurs = readdirSync(path).every((name) => isOwnName(folder, name));
    for (const part of parts) createFolder(part, OWNER_ONLY);
    for (const part of isOurs ? [path, ...parts] : parts) closeToOthers(part);
    for (const part of [path, ...parts]) accessSync(part, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new UserError("DataFolderNotWritable", `The data folder ${path} cannot be written: ${errorMessage(cause)}`, {
      cause,
      hint: "Choose another data folder with --data.",
    });
  }
  return warningAbout(path, parts);
}

/**
 * Throws if the folder or a part of it belongs to another user, whatever the modes: whoever owns it may know the keys
 * and choose the programs, or runs the stack that is there. Root may do all that anyway.
 */
export function refuseOthersFolder(folder: DataFolder): void {
  const parts = namesIn(folder).filter((name) => isOwnName(folder, name));
  const foreign = [folder.path, ...parts.map((name) => join(folder.path, name))].find(belongsToAnother);
  if (foreign === undefined) return;
  throw new UserError("DataFolderNotYours", `${foreign} belongs to another user`, {
    hint: "Choose another data folder with --data: whoever owns it could see your files and run programs as you.",
  });
}

/** None where there is no folder, or none that we may look into. */
function namesIn({ path }: DataFolder): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** A link belongs to whoever made it, and leads to what may belong to somebody else. */
function belongsToAnother(path: string): boolean {
  const allowed = [ROOT, process.geteuid?.()];
  // On Windows every file seems to belong to root.
  return [lstatSync, statSync].some((stat) => !allowed.includes(ownerIn(stat, path)));
}

/** What cannot be looked at cannot be used either, and that is told elsewhere. */
function ownerIn(stat: (path: string) => Stats, path: string): number {
  try {
    return stat(path).uid;
  } catch {
    return ROOT;
  }
}

/** What the system refused because of a file in the folder, as a sentence for the user. Any other error stays as it is. */
export function inWords(error: unknown, folder: DataFolder): unknown {
  if (!isSystemError(error)) return error;
  const isInside = error.path !== undefined && !relative(folder.path, error.path).startsWith("..");
  if (!isInside && !isOutOfSpace(error)) return error;
  return unusableDataFolder(error, `Make sure that you may write to everything in ${folder.path}`);
}

/** Files are written under their names with something after it, and renamed. */
function isOwnName(folder: DataFolder, name: string): boolean {
  const { path, ...parts } = folder;
  return Object.values(parts).some((part) => {
    const own = relative(path, part);
    return name === own || name.startsWith(`${own}.`);
  });
}

function closeToOthers(path: string): void {
  if (!isOpen(path, OTHERS)) return;
  try {
    chmodSync(path, OWNER_ONLY);
  } catch (error) {
    // Somebody else's folder that we may use: the user is told of it.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
  }
}

function warningAbout(path: string, parts: readonly string[]): string | undefined {
  const advice = `Close it to them with \`chmod go-rwx\`, or choose another data folder with --data.`;
  // Whoever may rename the folders in it decides which programs we run.
  if (isOpen(path, OTHERS_MAY_WRITE) && (statSync(path).mode & STICKY) === 0) {
    return `Other users may change what is in ${path}, and so run programs as you. ${advice}`;
  }
  const open = parts.find((part) => isOpen(part, OTHERS));
  return open === undefined ? undefined : `Other users may read what is in ${open}. ${advice}`;
}

/** On Windows modes mean nothing: folders get the access rights of the one they are in. */
function isOpen(path: string, bits: number): boolean {
  return process.platform !== "win32" && (statSync(path).mode & bits) !== 0;
}

/** Makes this process the only one that runs a stack on the folder; call the returned function to let go. */
export function lockDataFolder(folder: DataFolder): () => void {
  return lockFolder(folder.lock, "mp3drop");
}

/** The living process that runs a stack on the folder, or is about to. */
export function lockHolder(folder: DataFolder): ProcessIdentity | undefined {
  return holderOf(folder.lock);
}
