import { printable, printableLines } from "../../local/kit/commandLine/printable.ts";
import { styled } from "../../local/kit/commandLine/output.ts";
import type { ConversionRecord, ConversionView } from "../../model/conversion.ts";
import { describeStage, stageOf } from "../convert/stage.ts";
import { formatAgo, formatBytes, formatSeconds } from "../format.ts";

const LABEL_WIDTH = 11;

/** All about one conversion, in lines for people. */
export function statusText(view: ConversionView, now: number): string {
  const { id, input, workload, attempt, createdAt, record } = view;
  const rows: [string, string | undefined][] = [
    ["status", statusOf(view)],
    ["waiting", waitingOf(view, now)],
    ["result", resultOf(record)],
    ["reason", record?.error ? printableLines(`${record.error.message}\n${record.error.hint}`) : undefined],
    ["input", `${printable(`${input.container}/${input.name}`)}${sizeOf(record?.input.sizeBytes)}`],
    ["workload", printable(workload)],
    ["options", optionsOf(record)],
    ["started", `${printable(record?.times.startedAt ?? createdAt)} (${formatAgo(now - startOf(view))})`],
    ["took", tookOf(record)],
    ["attempt", attempt > 1 ? String(attempt) : undefined],
    ["id", id],
    ["next", nextOf(view)],
  ];
  const lines = rows.flatMap(([label, text]) => (text ? [row(label, text)] : []));
  return [styled("bold", printable(input.name)), ...lines].join("\n");
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(LABEL_WIDTH)}${text.split("\n").join(`\n${" ".repeat(LABEL_WIDTH + 2)}`)}`;
}

function statusOf(view: ConversionView): string {
  const { status, record } = view;
  if (status === "running") {
    const stage = stageOf({ ...view, waitReason: null });
    return styled("cyan", stage === undefined ? "running" : describeStage(stage));
  }
  if (status === "succeeded") return styled("green", status);
  const code = record?.error?.code;
  return styled("red", code === undefined || status !== "failed" ? status : `${status}: ${printable(code)}`);
}

function waitingOf({ status, waitReason, waitingSince }: ConversionView, now: number): string | undefined {
  if (status !== "running" || waitReason === null) return undefined;
  const span = waitingSince === null ? "" : `, for ${formatSeconds(now - Date.parse(waitingSince))}`;
  return printable(waitReason) + span;
}

function resultOf(record: ConversionRecord | null): string | undefined {
  if (!record?.output) return undefined;
  const { container, name, sizeBytes } = record.output;
  return `${printable(`${container}/${name}`)}${sizeOf(sizeBytes)}`;
}

function sizeOf(bytes: number | null | undefined): string {
  return bytes === null || bytes === undefined ? "" : ` (${formatBytes(bytes)})`;
}

/** Those that had an effect. A record of an older version of the app has none. */
function optionsOf(record: ConversionRecord | null): string | undefined {
  const { options } = (record ?? {}) as { options?: Readonly<Record<string, unknown>> };
  const used = Object.entries(options ?? {}).filter(([, value]) => value !== null && value !== false);
  return used.length === 0 ? undefined : printable(used.map(([name, value]) => `${name} ${String(value)}`).join(", "));
}

function tookOf(record: ConversionRecord | null): string | undefined {
  if (record === null) return undefined;
  const { startedAt, convertingAt, convertedAt, recordedAt } = record.times;
  const span = (from: string, to: string): string => formatSeconds(Date.parse(to) - Date.parse(from));
  const converting = convertingAt && convertedAt ? `, of which converting ${span(convertingAt, convertedAt)}` : "";
  return span(startedAt, recordedAt) + converting;
}

function startOf({ record, createdAt }: ConversionView): number {
  return Date.parse(record?.times.startedAt ?? createdAt);
}

/** What a person may want to do now. */
function nextOf({ id, status, record }: ConversionView): string | undefined {
  if (status === "failed") return `${record?.error?.logBlob ? `mp3drop log ${id}, ` : ""}mp3drop retry ${id}`;
  return status === "cancelled" ? `mp3drop retry ${id}` : undefined;
}
