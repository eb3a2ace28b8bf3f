import { wrongUsage } from "../../local/kit/commandLine/args.ts";
import type { DescribedOption } from "../../local/kit/commandLine/helpText.ts";
import { WORKLOADS } from "../../workloads/index.ts";
import type { WorkloadOption } from "../../workloads/options.ts";
import { metadataFor, parseNamed } from "../../workloads/options.ts";
import type { Workload } from "../../workloads/workload.ts";

/** What a value stands for in the help, by name of the option. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  bitrate: "KBPS",
  quality: "N",
  language: "CODE",
  loudness: "LUFS",
  start: "TIME",
  end: "TIME",
  words: "N",
};

/** The options of all workloads, as options of a command. */
export const METADATA_OPTIONS: Readonly<Record<string, DescribedOption>> = Object.fromEntries(
  WORKLOADS.flatMap(({ options }) => options?.table ?? []).map((option) => [option.name, flagOf(option)]),
);

function flagOf(option: WorkloadOption): DescribedOption {
  const { name, about, allowed, choices, fallback } = option;
  if (isSwitch(option)) return { type: "boolean", help: about };
  const value = PLACEHOLDERS[name] ?? "VALUE";
  const help = `${about}: ${allowed} (default: ${fallback})`;
  return { type: "string", value, help, ...(choices !== undefined && { values: choices }) };
}

/** One that is on or off. */
function isSwitch({ choices }: WorkloadOption): boolean {
  return choices?.length === 2 && choices.includes("true") && choices.includes("false");
}

/**
 * The metadata with which the options of a command line travel with each file. Throws a `UserError` that says what is
 * allowed.
 */
export function metadataOf(
  values: Readonly<Record<string, unknown>>,
  workloads: readonly Workload[],
): Record<string, string> {
  const given = Object.fromEntries(
    Object.entries(values).filter(([name, value]) => name in METADATA_OPTIONS && value !== undefined),
  );
  const metadata: Record<string, string> = {};
  const unknown = new Set(Object.keys(given));
  for (const { options } of workloads) {
    if (options === undefined) continue;
    const names = options.table.map(({ name }) => name).filter((name) => name in given);
    for (const name of names) unknown.delete(name);
    const empty = names.find((name) => given[name] === "");
    const { failure, chosen } = parseNamed(options, Object.fromEntries(names.map((name) => [name, given[name]])));
    if (failure !== undefined || empty !== undefined) {
      const message = failure?.message ?? `${empty} has no value`;
      throw wrongUsage(asFlags(message, options.table), "Nothing was uploaded. See `mp3drop convert --help`.");
    }
    Object.assign(metadata, metadataFor(options, chosen));
  }
  const [name] = unknown;
  if (name === undefined) return metadata;
  const chosen = workloads.map((workload) => workload.name).join(", ");
  throw wrongUsage(`--${name} is not an option of ${chosen}`, "The setting WORKLOADS says what is made of the files.");
}

/** The keys of the metadata as a person has typed them. */
function asFlags(message: string, table: readonly WorkloadOption[]): string {
  return table.reduce((text, { metadataKey, name }) => text.replaceAll(metadataKey, `--${name}`), message);
}
