import type { Context } from "../local/kit/commandLine/command.ts";

/** What a command gets from its surroundings. */
export interface CommandContext extends Context {
  /** Where the user stands: relative paths start here. */
  readonly folder: string;
}
