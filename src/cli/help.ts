import { EXIT_CODES_HELP } from "../local/kit/commandLine/exitCodes.ts";
import { table } from "../local/kit/commandLine/helpText.ts";
import { COMMANDS } from "./commandTable.ts";

const EXAMPLES = [
  ["mp3drop convert video.mp4", "video.mp3 appears beside it"],
  ["mp3drop convert talks/ --out mp3s/", "every MP4 below talks, same folders below mp3s"],
  ["mp3drop local", "run the whole system here; drop MP4s with Azure Storage Explorer"],
  ["mp3drop list --watch", "see what becomes of them"],
  ["mp3drop retry --failed", "and try again what has failed"],
] as const;

/** The help of mp3drop itself. */
export function helpOfAll(): string {
  const commands = COMMANDS.map(({ name, words, summary }) => {
    return [words === undefined ? name : `${name} ${words}`, summary] as const;
  });
  const options = [
    ["--help, -h", "this text; after a command, the command's"],
    ["--version", "the version"],
  ] as const;
  return `mp3drop: an MP4 in, a verified MP3 out, through Azure Functions and Azure Batch

Examples
${table(EXAMPLES)}

Commands
${table(commands)}

Options
${table(options)}

${EXIT_CODES_HELP.trimEnd()}`;
}
