import { closestWord } from "../model/closest.ts";
import type { UsedOptions } from "../model/options.ts";
import type { Failure } from "../model/failures.ts";
import { failureOf } from "../model/failures.ts";

/** What whoever uploads a blob may choose for it, in the metadata of the blob: one row of a workload's table. */
export interface WorkloadOption {
  /** For people and programs: the flag of a command, the member of an object. */
  readonly name: string;
  /** In the metadata of a blob. */
  readonly metadataKey: string;
  /** What it does, as one line of help. */
  readonly about: string;
  /** Completes "… must be". */
  readonly allowed: string;
  /** All values there are; left out where they are too many to list. */
  readonly choices?: readonly string[];
  /** What holds without it, for people. */
  readonly fallback: string;
  /** The variable in the environment of the script. */
  readonly variable: string;
  /** The value in its normal form; undefined if it is not allowed. */
  normalize(value: string): string | undefined;
  /** What the script gets for a value in its normal form, where that is something else. */
  forScript?(value: string): string;
}

export interface WorkloadOptions {
  readonly table: readonly WorkloadOption[];
  /** Which of them do not go together, and why. */
  findConflict?(chosen: ChosenOptions): OptionConflict | undefined;
  /** What the record says was used, by name of the option, given the environment of the script. */
  used(environment: Readonly<Record<string, string>>): UsedOptions;
}

/** Of a workload that takes none. */
export const NO_OPTIONS: WorkloadOptions = { table: [], used: () => ({}) };

/** Values in their normal form, by name of the option. Only those that were chosen. */
export type ChosenOptions = Readonly<Record<string, string>>;

interface OptionConflict {
  /** Name of the option that is wrong. */
  readonly name: string;
  /** What is wrong with it: completes "…: mp3drop_x ". */
  readonly problem: string;
}

export type ParsedOptions =
  | { readonly chosen: ChosenOptions; readonly failure?: never }
  | { readonly failure: Failure; readonly chosen?: never };

/** All keys that begin like this are ours. A key of metadata is an identifier of C#, in any case. */
export const OPTION_PREFIX = "mp3drop_";

/** Of the metadata of a blob, all that `parseMetadata` reads. */
export function optionMetadataIn(metadata: object): Readonly<Record<string, string>> {
  const isOurs = ([key, value]: [string, unknown]): boolean =>
    typeof value === "string" && key.toLowerCase().startsWith(OPTION_PREFIX);
  return Object.fromEntries(Object.entries(metadata as Record<string, unknown>).filter(isOurs)) as Record<
    string,
    string
  >;
}

/**
 * The options in the metadata of a blob. Keys of others are left alone, and so are those of `otherKeys`: those of other
 * workloads that may take the same blob. An empty value counts as none.
 */
export function parseMetadata(
  options: WorkloadOptions,
  metadata: Readonly<Record<string, string>>,
  otherKeys: readonly string[] = [],
): ParsedOptions {
  const values: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata)) {
    const metadataKey = key.toLowerCase();
    if (!metadataKey.startsWith(OPTION_PREFIX)) continue;
    const option = options.table.find((one) => one.metadataKey === metadataKey);
    if (option !== undefined) values[option.name] = value;
    else if (!otherKeys.includes(metadataKey)) return unknownKey(options, metadataKey);
  }
  return choose(options, values);
}

/**
 * The options that a command line or a request names, checked as those in the metadata of a blob are. An empty or missing
 * value counts as none.
 */
export function parseNamed(options: WorkloadOptions, named: Readonly<Record<string, unknown>>): ParsedOptions {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(named)) {
    if (!options.table.some((one) => one.name === name)) return unknownName(options, name);
    if (value === undefined || value === null) continue;
    // Anything else is text that no option allows.
    values[name] = typeof value === "string" ? value : JSON.stringify(value);
  }
  return choose(options, values);
}

/** What to write into the metadata of a blob, so that `parseMetadata` finds the same. */
export function metadataFor({ table }: WorkloadOptions, chosen: ChosenOptions): Record<string, string> {
  return Object.fromEntries(given(table, chosen).map(([{ metadataKey }, value]) => [metadataKey, value]));
}

/** What goes into the environment of the script. */
export function environmentFor({ table }: WorkloadOptions, chosen: ChosenOptions): Record<string, string> {
  return Object.fromEntries(
    given(table, chosen).map(([option, value]) => [option.variable, option.forScript?.(value) ?? value]),
  );
}

function given(table: readonly WorkloadOption[], chosen: ChosenOptions): [WorkloadOption, string][] {
  return table.flatMap((option) => {
    const value = chosen[option.name];
    return value === undefined ? [] : [[option, value]];
  });
}

function choose(options: WorkloadOptions, values: Readonly<Record<string, string>>): ParsedOptions {
  const chosen: Record<string, string> = {};
  for (const option of options.table) {
    const value = values[option.name]?.trim() ?? "";
    if (value === "") continue;
    const normal = option.normalize(value);
    if (normal === undefined) return bad(`${option.metadataKey} must be ${option.allowed}, not "${shorten(value)}"`);
    chosen[option.name] = normal;
  }
  const conflict = options.findConflict?.(chosen);
  if (conflict === undefined) return { chosen };
  const key = options.table.find(({ name }) => name === conflict.name)?.metadataKey ?? conflict.name;
  return bad(`${key} ${conflict.problem}`);
}

function unknownKey({ table }: WorkloadOptions, key: string): ParsedOptions {
  const name = key.slice(OPTION_PREFIX.length);
  const names = table.map(({ metadataKey }) => metadataKey.slice(OPTION_PREFIX.length));
  return bad(`There is no option ${shorten(key)}: ${suggest(name, names, OPTION_PREFIX)}`);
}

function unknownName({ table }: WorkloadOptions, name: string): ParsedOptions {
  const names = table.map((option) => option.name);
  return bad(`There is no option "${shorten(name)}": ${suggest(name, names)}`);
}

function suggest(word: string, known: readonly string[], prefix = ""): string {
  const meant = closestWord(word, known);
  if (known.length === 0) return "files of this kind take none";
  if (meant !== undefined) return `did you mean ${prefix}${meant}?`;
  return `there are ${known.map((one) => `${prefix}${one}`).join(", ")}`;
}

function bad(message: string): ParsedOptions {
  return { failure: failureOf("BadOptions", message) };
}

/** Somebody may have put a novel there. */
function shorten(value: string): string {
  return value.length <= 60 ? value : `${value.slice(0, 60)}…`;
}
