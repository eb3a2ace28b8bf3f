import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** A folder and everything in it, folders too, but for what goes while it is looked at. */
export function pathsBelow(path: string): string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  return [path, ...unlessGone(() => readdirSync(path), []).flatMap((name) => pathsBelow(join(path, name)))];
}

/** The text of a file; a file that has gone has none. */
export function textOf(path: string): string {
  return unlessGone(() => readFileSync(path, "utf8"), "");
}

function unlessGone<Found>(look: () => Found, otherwise: Found): Found {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return otherwise;
    throw error;
  }
}
