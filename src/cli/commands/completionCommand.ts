import { seeHelp, wrongUsage } from "../../local/kit/commandLine/args.ts";
import type { Command } from "../../local/kit/commandLine/command.ts";
import { describedCommand } from "../../local/kit/commandLine/command.ts";
import { EXIT } from "../../local/kit/commandLine/exitCodes.ts";
import type { CommandContext } from "../commandContext.ts";
import { bashCompletion } from "../completion/bash.ts";
import type { CompletedCommand, Shell } from "../completion/completedCommand.ts";
import { SHELLS } from "../completion/completedCommand.ts";
import { fishCompletion } from "../completion/fish.ts";
import { zshCompletion } from "../completion/zsh.ts";

const SCRIPTS: Readonly<Record<Shell, (commands: readonly CompletedCommand[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** The commands are given to it, because it is one of them. */
export function completionCommand(
  describeAll: () => Promise<readonly CompletedCommand[]>,
): Command<Record<never, never>, CommandContext> {
  return describedCommand<Record<never, never>, CommandContext>({
    name: "mp3drop completion",
    words: "bash|zsh|fish",
    takes: SHELLS,
    about: "Prints a script with which a shell completes the commands of mp3drop, their options, values and files.",
    examples: [
      [`eval "$(mp3drop completion bash)"`, "in ~/.bashrc"],
      [`eval "$(mp3drop completion zsh)"`, "in ~/.zshrc"],
      ["mp3drop completion fish | source", "in ~/.config/fish/config.fish"],
    ],
    options: {},
    run: async ({ positionals: [shell, ...more] }, { output }) => {
      const known = SHELLS.find((name) => name === shell);
      if (known === undefined || more.length > 0) {
        const message =
          shell === undefined ? "No shell was named" : `There is no script for "${[shell, ...more].join(" ")}"`;
        throw wrongUsage(message, `Name one of ${SHELLS.join(", ")}. ${seeHelp("mp3drop completion")}`);
      }
      output.result(SCRIPTS[known](await describeAll()).trimEnd());
      return EXIT.ok;
    },
  });
}
