import type { CompletedCommand } from "./completedCommand.ts";

/** https://fishshell.com/docs/current/cmds/complete.html */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const lines = [
    "# fish completion of mp3drop; to have it in every shell:",
    "#   mp3drop completion fish > ~/.config/fish/completions/mp3drop.fish",
    "complete -c mp3drop -e",
    "complete -c mp3drop -f",
    "complete -c mp3drop -n __fish_use_subcommand -l help -s h -d 'show the help'",
    "complete -c mp3drop -n __fish_use_subcommand -l version -d 'show the version'",
    "complete -c mp3drop -n __fish_use_subcommand -a help -d 'show the help of a command'",
    ...commands.flatMap(linesOf),
  ];
  return `${lines.join("\n")}\n`;
}

function linesOf({ name, summary, options, takes }: CompletedCommand): string[] {
  const inside = `complete -c mp3drop -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
  const words = takes === "files" ? [`${inside} -F`] : takes && [`${inside} -a ${quoted(takes.join(" "))}`];
  return [
    `complete -c mp3drop -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    `complete -c mp3drop -n '__fish_seen_subcommand_from help' -a ${name} -d ${quoted(summary)}`,
    ...Object.entries(options).map(([option, { type, short, help, values, isList, path }]) => {
      const letter = short === undefined ? "" : ` -s ${short}`;
      const value = type === "string" ? ` -r${valuesOf(values, isList, path)}` : "";
      return `${inside} -l ${option}${letter}${value} -d ${quoted(help)}`;
    }),
    `${inside} -l help -s h -d 'show the help'`,
    ...(words ?? []),
  ];
}

function valuesOf(
  values: readonly string[] | undefined,
  isList: boolean | undefined,
  path: "file" | "folder" | undefined,
): string {
  if (values !== undefined) {
    const words = values.join(" ");
    return ` -f -a ${quoted(isList ? `(__fish_append , ${words})` : words)}`;
  }
  if (path === undefined) return " -f";
  return path === "folder" ? " -f -a '(__fish_complete_directories)'" : " -F";
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", String.raw`\'`)}'`;
}
