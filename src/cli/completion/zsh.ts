import type { DescribedOption } from "../../local/kit/commandLine/helpText.ts";
import type { CompletedCommand } from "./completedCommand.ts";

const HELP: DescribedOption = { type: "boolean", short: "h", help: "show the help" };

/** https://zsh.sourceforge.io/Doc/Release/Completion-System.html#index-_005farguments */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  return `#compdef mp3drop
# zsh completion of mp3drop; to have it in every shell, write it to a file _mp3drop in a folder of $fpath.
_mp3drop() {
  local context state state_descr line
  typeset -A opt_args
  local -a commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join("\n")}
    ${quoted("help:show the help of a command")}
  )
  _arguments -C '(- *)'{--help,-h}'[show the help]' '(- *)--version[show the version]' '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
        help) _describe command commands ;;
${commands.map(commandCase).join("\n")}
      esac ;;
  esac
}
# Read by \`source\`, the file defines the completion; found in $fpath, it is the function.
if [[ $funcstack[1] == _mp3drop ]]; then
  _mp3drop "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
  compdef _mp3drop mp3drop
fi
`;
}

function commandCase({ name, options, takes }: CompletedCommand): string {
  const specs = Object.entries({ ...options, help: HELP }).map(([option, described]) => optionSpec(option, described));
  const words = takes === "files" ? ["'*:file:_files'"] : takes && [quoted(`1:word:(${takes.join(" ")})`)];
  return `        ${name}) _arguments ${[...specs, ...(words ?? ["'*:argument:'"])].join(" \\\n          ")} ;;`;
}

function optionSpec(
  name: string,
  { type, short, multiple, help, value, values, isList, path }: DescribedOption,
): string {
  const text = help.replace(/[[\]\\]/g, String.raw`\$&`);
  const repeat = multiple ? "*" : "";
  const argument = type === "string" ? `:${value ?? "value"}:${valuesOf(values, isList, path)}` : "";
  const assign = type === "string" ? "=" : "";
  if (short === undefined) return quoted(`${repeat}--${name}${assign}[${text}]${argument}`);
  return `${quoted(`(--${name} -${short})`)}{--${name}${assign},-${short}}${quoted(`[${text}]${argument}`)}`;
}

function valuesOf(
  values: readonly string[] | undefined,
  isList: boolean | undefined,
  path: DescribedOption["path"],
): string {
  if (values !== undefined) return isList ? `_values -s , value ${values.join(" ")}` : `(${values.join(" ")})`;
  if (path === undefined) return "";
  return path === "folder" ? "_files -/" : "_files";
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
