import { errorText } from "../errorText.ts";
import { UserError } from "../userError.ts";
import { EXIT } from "./exitCodes.ts";
import type { Output } from "./output.ts";
import { styled } from "./output.ts";
import { printable, printableLines } from "./printable.ts";

/** Tells the user what went wrong. Returns the exit code. */
export function reportError(error: unknown, output: Output): number {
  if (isUserMistake(error)) {
    output.note(`${styled("red", printable(error.code))}: ${printableLines(error.message)}`);
    if (error.hint !== undefined) output.note(printableLines(error.hint));
    return EXIT.userMistake;
  }
  output.note(styled("red", "This is a bug:"));
  output.note(printableLines(errorText(error)));
  return EXIT.bug;
}

/** The kit knows nothing of the app, so it recognises the app's error for wrong settings by its name. */
function isUserMistake(error: unknown): error is { code: string; message: string; hint?: string | undefined } {
  return error instanceof UserError || (error instanceof Error && error.name === "ConfigurationError");
}
