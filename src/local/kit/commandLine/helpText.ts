/** One option, as the parser, the help and the completion of shells need it. `parseArgs` takes what it knows of it. */
export interface DescribedOption {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  readonly default?: string | boolean;
  /** What stands for its value in the help, for example `DIR`. */
  readonly value?: string;
  readonly help: string;
  /** All that its value can be. */
  readonly values?: readonly string[];
  /** Whether several of them may be given, separated by commas. */
  readonly isList?: boolean;
  /** Set where the value is a path. */
  readonly path?: "file" | "folder";
}

export type OptionTable = Readonly<Record<string, DescribedOption>>;

export interface CommandText {
  /** What the command does. */
  readonly about: string;
  /** Each with what comes of it, which may be empty. */
  readonly examples: readonly (readonly [command: string, outcome: string])[];
  /** Without `--help`, which every command has. */
  readonly options: OptionTable;
  /** What else is to be known, in paragraphs. */
  readonly notes?: readonly string[];
}

const WIDTH = 118;
const MAX_LABEL = 46;
const HELP: DescribedOption = { type: "boolean", short: "h", help: "this text" };

/** What `--help` shows below the usage. */
export function helpText({ about, examples, options, notes = [] }: CommandText): string {
  const rows = Object.entries({ ...options, help: HELP }).map(([name, option]) => [labelOf(name, option), option.help]);
  return [
    wrap(about, WIDTH).join("\n"),
    `Examples\n${table(examples)}`,
    `Options\n${table(rows as [string, string][])}`,
    ...notes.map((note) => wrap(note, WIDTH).join("\n")),
  ].join("\n\n");
}

/** Two columns, of which the second is wrapped. */
export function table(rows: readonly (readonly [string, string])[]): string {
  const longest = Math.max(...rows.map(([label]) => label.length).filter((length) => length <= MAX_LABEL));
  const indent = longest + 4;
  return rows
    .flatMap(([label, text]) => {
      const [first = "", ...more] = wrap(text, WIDTH - indent);
      const rest = more.map((line) => " ".repeat(indent) + line);
      const isTooLong = label.length > longest && first !== "";
      const head = isTooLong ? [`  ${label}`, " ".repeat(indent) + first] : [`  ${label.padEnd(longest)}  ${first}`];
      return [...head.map((line) => line.trimEnd()), ...rest];
    })
    .join("\n");
}

function labelOf(name: string, { value, short }: DescribedOption): string {
  return `--${name}${value === undefined ? "" : ` ${value}`}${short === undefined ? "" : `, -${short}`}`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
