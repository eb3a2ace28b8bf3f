import { relative } from "node:path";
import { pathToFileURL } from "node:url";
import { errorMessage } from "../../kit/errorText.ts";
import { UserError } from "../../kit/userError.ts";

/** Throws a `UserError` with the place in the app that has thrown. */
export async function loadEntryFile(appFolder: string, file: string): Promise<void> {
  try {
    await import(pathToFileURL(file).href);
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    throw new UserError(
      "EntryFileFailed",
      `${relative(appFolder, file)} of the function app failed to load: ${errorMessage(cause)}`,
      {
        cause,
        hint: firstFrame(cause),
      },
    );
  }
}

function firstFrame(cause: unknown): string {
  const frame =
    cause instanceof Error ? cause.stack?.split("\n").find((line) => /^\s+at .*(file:|\/|\\)/.test(line)) : undefined;
  return `Fix the app and start again${frame === undefined ? "." : `; it was thrown ${frame.trim()}.`}`;
}
