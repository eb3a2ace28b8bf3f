import type { ParseArgsConfig } from "node:util";
import { parseArgs } from "node:util";
import { UserError } from "../userError.ts";
import { closestTo } from "./closest.ts";

export type Options = NonNullable<ParseArgsConfig["options"]>;

export type Parsed<Known extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Known; allowPositionals: true; strict: true }>
>;

/** Throws on an option that the command does not know, and suggests the nearest one. */
export function parseOptions<const Known extends Options>(
  command: string,
  argv: readonly string[],
  options: Known,
): Parsed<Known> {
  try {
    return parseArgs({ args: withNegativeNumbers(argv, options), options, allowPositionals: true, strict: true });
  } catch (cause) {
    if (!(cause instanceof TypeError) || !("code" in cause)) throw cause;
    throw wrongUsage(firstSentence(cause.message), suggestion(command, cause.message, Object.keys(options)), { cause });
  }
}

/** `--loudness -16` means `--loudness=-16`; `parseArgs` would ask whether the value was forgotten. */
function withNegativeNumbers(argv: readonly string[], options: Options): string[] {
  const args: string[] = [];
  for (const arg of argv) {
    const option = /^--([^=]+)$/.exec(args.at(-1) ?? "")?.[1] ?? "";
    const isValue = /^-[\d.]/.test(arg) && options[option]?.type === "string" && !args.slice(0, -1).includes("--");
    if (isValue) args[args.length - 1] += `=${arg}`;
    else args.push(arg);
  }
  return args;
}

export function wrongUsage(message: string, hint: string, options: ErrorOptions = {}): UserError {
  return new UserError("WrongUsage", message, { ...options, hint });
}

export function seeHelp(command: string): string {
  return `See \`${command} --help\`.`;
}

interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly isWhole: boolean;
  readonly hint: string;
}

/** `what` is the option or the setting that holds the text, for example `--port`. */
export function parseNumber(what: string, text: string, { min, max, isWhole, hint }: NumberRange): number {
  const value = Number(text);
  const form = isWhole ? /^\d+$/ : /^\d*\.?\d+$/;
  if (form.test(text) && value >= min && value <= max) return value;
  const kind = isWhole ? "a whole number" : "a number";
  throw wrongUsage(`${what} must be ${kind} from ${min} to ${max}, not "${text}"`, hint);
}

/** Some of the known words, with commas between them. */
export function parseWords<Word extends string>(option: string, text: string, known: readonly Word[]): Word[] {
  const words = text.split(",").map((word) => word.trim());
  const isKnown = (word: string): word is Word => known.some((candidate) => candidate === word);
  const wrong = words.find((word) => !isKnown(word));
  if (wrong === undefined) return [...new Set(words.filter(isKnown))];
  const nearest = closestTo(wrong, known);
  const hint = nearest === undefined ? "Put commas between several." : `Did you mean ${nearest}?`;
  throw wrongUsage(`${option} must be one or more of ${known.join(", ")}, not "${wrong}"`, hint);
}

/** 0 means any free port. */
export function parsePort(option: string, text: string): number {
  return parseNumber(option, text, { min: 0, max: 65_535, isWhole: true, hint: "0 means any free port." });
}

function suggestion(command: string, message: string, known: readonly string[]): string {
  const wrong = /Unknown option '--?([^']*)'/.exec(message)?.[1];
  const nearest = wrong === undefined ? undefined : closestTo(wrong, known);
  return nearest === undefined ? seeHelp(command) : `Did you mean --${nearest}? ${seeHelp(command)}`;
}

/** Node adds advice on positional arguments that does not fit our commands. */
function firstSentence(message: string): string {
  return message.split(/\. |\n/)[0] ?? message;
}
