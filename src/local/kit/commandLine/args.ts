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
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (cause) {
    if (!(cause instanceof TypeError) || !("code" in cause)) throw cause;
    throw wrongUsage(firstSentence(cause.message), suggestion(command, cause.message, Object.keys(options)), { cause });
  }
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
