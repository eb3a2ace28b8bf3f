import { randomUUID } from "node:crypto";
import { lstatSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { printable } from "../../local/kit/commandLine/printable.ts";
import { createFolder } from "../../local/kit/createFolder.ts";
import { UserError } from "../../local/kit/userError.ts";
import { ClientFailure } from "./clientFailure.ts";
import { systemReason } from "./systemReason.ts";

/** Makes sure that results can be written below the folder, which is created if need be. Throws a `UserError`. */
export function ensureOutFolder(folder: string): void {
  const cause = whyNotWritable(folder);
  if (cause === undefined) return;
  const message = `No result can be written to ${printable(folder)}: ${systemReason(cause)}`;
  throw new UserError("ResultNotWritable", message, { cause, hint: "Choose another folder with --out." });
}

/**
 * Which of these results could not be written, and why. To be asked before the first upload: after a conversion of hours
 * would be a bad moment to find out.
 */
export function problemsWithResultPaths(resultPaths: readonly string[]): Map<string, ClientFailure> {
  const folders = new Map([...new Set(resultPaths.map(dirname))].map((folder) => [folder, whyNotWritable(folder)]));
  const problems = new Map<string, ClientFailure>();
  for (const path of resultPaths) {
    const cause = folders.get(dirname(path)) ?? whyNotReplaceable(path);
    if (cause !== undefined) problems.set(path, notWritable(path, cause));
  }
  return problems;
}

function notWritable(resultPath: string, cause: Error): ClientFailure {
  const message = `${printable(resultPath)} cannot be written: ${systemReason(cause)}`;
  const hint = "Remove what is in the way, or choose another folder with --out.";
  return new ClientFailure("ResultNotWritable", message, hint, { cause });
}

/** The path of a file beside the result, to be filled in its place. */
export function temporaryBeside(resultPath: string): string {
  return join(dirname(resultPath), `.${randomUUID()}.mp3drop`);
}

/** Tried out, because permissions alone do not tell. */
function whyNotWritable(folder: string): Error | undefined {
  return errorOf(() => {
    createFolder(folder);
    const trial = temporaryBeside(join(folder, "result"));
    writeFileSync(trial, "", { flag: "wx" });
    rmSync(trial);
  });
}

function whyNotReplaceable(path: string): Error | undefined {
  return errorOf(() => {
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new Error("there is a folder of that name");
  });
}

function errorOf(action: () => void): Error | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
