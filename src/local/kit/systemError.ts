import { UserError } from "./userError.ts";

/** Whether the operating system refused something: the error's `code` then says why, for example `ENOENT`. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}

/** `fix` says what would make the folder usable. */
export function unusableDataFolder(cause: NodeJS.ErrnoException, fix: string): UserError {
  return new UserError("BadDataFolder", `The data folder cannot be used: ${cause.message}`, {
    cause,
    hint: `${fix}, or choose another data folder with --data.`,
  });
}
