import type { Output } from "./output.ts";

/** What a command gets from its surroundings. */
export interface CommandContext {
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
  /** Where the user stands: relative paths start here. */
  readonly folder: string;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}
