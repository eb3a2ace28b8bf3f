import { getSystemErrorMap } from "node:util";
import { isOutOfSpace } from "./systemError.ts";
import { UserError } from "./userError.ts";

/** `where` is a place in the file, such as `line 7`. */
export function damagedData(path: string, where: string, cause?: unknown): UserError {
  return new UserError("DamagedData", `${path} is damaged at ${where}`, {
    cause,
    hint: "Delete the data folder to start afresh, or choose another one with --data.",
  });
}

/** For a file that holds all that was acknowledged, and that nothing more can be written to. */
export function notSaved(path: string, cause: NodeJS.ErrnoException): UserError {
  const [name, description] = getSystemErrorMap().get(cause.errno ?? 0) ?? [cause.code, cause.message];
  return new UserError("StateNotSaved", `${path} cannot be written: ${description} (${name})`, {
    cause,
    hint: `${isOutOfSpace(cause) ? "Free some space" : "Make sure that it can be written"} and start again: what was acknowledged is kept.`,
  });
}
