import { UserError } from "./userError.ts";

/** Whether the operating system refused something: the error's `code` then says why, for example `ENOENT`. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

/** `fix` says what would make the folder usable, unless it is only full. */
export function unusableDataFolder(cause: NodeJS.ErrnoException, fix: string): UserError {
  return new UserError("BadDataFolder", `The data folder cannot be used: ${cause.message}`, {
    cause,
    hint: `${isOutOfSpace(cause) ? "Free some space" : fix}, or choose another data folder with --data.`,
  });
}

const OUT_OF_SPACE: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

export function isOutOfSpace({ code = "" }: NodeJS.ErrnoException): boolean {
  return OUT_OF_SPACE.has(code);
}
