import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { errorMessage } from "../../kit/errorText.ts";
import { UserError } from "../../kit/userError.ts";

const OWN_FOLDER = join(import.meta.dirname, "..", "..");

/**
 * An error that was thrown outside of a function call, as one of the app's; undefined for a bug of this host, which is one
 * whose stack is in its own code before it is in anybody else's. Libraries count for nobody, as both may use them.
 */
export function readAppError(error: unknown, ownFolder = OWN_FOLDER): UserError | undefined {
  if (isOf(ownFolder, error)) return undefined;
  return new UserError("AppCrashed", `The app threw outside of a function call: ${errorMessage(error)}`, {
    cause: error,
    hint: "Await every promise, and listen for errors of what emits events. Azure would end the worker with all calls that are under way, and start another one.",
  });
}

function isOf(folder: string, error: unknown): boolean {
  const places = [folder, pathToFileURL(folder).href];
  const isThere = (frame: string): boolean => places.some((place) => frame.includes(place));
  const frames = error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => /^ +at /.test(line)) : [];
  // The folder may itself be that of a library.
  const first = frames.find((frame) => isThere(frame) || !/[ (]node:|\/node_modules\//.test(frame));
  return first !== undefined && isThere(first);
}
