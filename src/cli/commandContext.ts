import type { Context } from "../local/kit/commandLine/command.ts";

/** What a command of mp3drop is given to work with. */
export interface CommandContext extends Context {
  /** The folder that the user is in: relative paths start here. */
  readonly folder: string;
  /** Where a person answers questions; the terminal if it is not given. */
  readonly input?: NodeJS.ReadableStream & { readonly isTTY?: boolean };
}
