import type { OptionTable } from "../../local/kit/commandLine/helpText.ts";

/** What a shell can complete of one command. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: OptionTable;
  /** What its arguments besides options can be; undefined: nothing that a shell could know. */
  readonly takes: "files" | readonly string[] | undefined;
}

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** The options of every command, and `--help`, which needs no line in the tables. */
export function optionNames({ options }: CompletedCommand): string[] {
  return [...Object.keys(options), "help"].map((name) => `--${name}`);
}
