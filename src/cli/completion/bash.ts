import type { CompletedCommand } from "./completedCommand.ts";
import { optionNames } from "./completedCommand.ts";

/** Also for the bash 3.2 of macOS. Needs no library of completions. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const names = [...commands.map(({ name }) => name), "help", "--help", "--version"].join(" ");
  return `# bash completion of mp3drop; to have it in every shell:
#   mp3drop completion bash > ~/.local/share/bash-completion/completions/mp3drop
_mp3drop_reply() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do COMPREPLY+=("$line"); done
}
_mp3drop_words() { _mp3drop_reply < <(compgen -W "$1" -- "$current"); }
# Several words with commas between them.
_mp3drop_list() {
  local before=""
  if [[ $current == *,* ]]; then before="\${current%,*},"; fi
  _mp3drop_reply < <(compgen -P "$before" -W "$1" -- "\${current##*,}")
}
_mp3drop_paths() {
  compopt -o filenames 2> /dev/null
  _mp3drop_reply < <(compgen "$1" -- "$current")
}
_mp3drop() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" command="" index
  # bash takes --name=value for three words.
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $previous == "=" ]]; then
    previous="\${COMP_WORDS[COMP_CWORD - 2]}"
  fi
  for ((index = 1; index < COMP_CWORD; index++)); do
    if [[ \${COMP_WORDS[index]} != -* ]]; then
      command="\${COMP_WORDS[index]}"
      break
    fi
  done
  COMPREPLY=()
  case "$command $previous" in
${commands.flatMap(valueCases).join("\n")}
  esac
  case "$command" in
    "") _mp3drop_words ${quoted(names)} ;;
    help) _mp3drop_words ${quoted(commands.map(({ name }) => name).join(" "))} ;;
${commands.map(commandCase).join("\n")}
  esac
}
complete -F _mp3drop mp3drop
`;
}

/** What follows an option that takes a value. */
function valueCases({ name, options }: CompletedCommand): string[] {
  return Object.entries(options).flatMap(([option, { type, values, isList, path, short }]) => {
    if (type !== "string") return [];
    const patterns = [`--${option}`, ...(short === undefined ? [] : [`-${short}`])];
    const words = values === undefined ? "" : ` ${quoted(values.join(" "))}`;
    const action = path === undefined ? "" : `_mp3drop_paths ${path === "folder" ? "-d" : "-f"}; `;
    const choice = values === undefined ? action : `_mp3drop_${isList ? "list" : "words"}${words}; `;
    return [`    ${patterns.map((pattern) => quoted(`${name} ${pattern}`)).join(" | ")}) ${choice}return ;;`];
  });
}

function commandCase(command: CompletedCommand): string {
  const options = `_mp3drop_words ${quoted(optionNames(command).join(" "))}`;
  const { name, takes } = command;
  const arguments_ = takes === "files" ? "_mp3drop_paths -f" : `_mp3drop_words ${quoted((takes ?? []).join(" "))}`;
  return `    ${name}) if [[ $current == -* ]]; then ${options}; else ${takes === undefined ? ":" : arguments_}; fi ;;`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
