import { styleText } from "node:util";
import { printable } from "../../local/kit/commandLine/printable.ts";
import type { ConversionCounts, ConversionList, ConversionSummary } from "../../model/conversionList.ts";
import { LISTED_STATUSES } from "../../model/conversionList.ts";
import { describeStage, stageOf } from "../convert/stage.ts";
import { formatAgo, formatBytes } from "../format.ts";

/** Where the colours go: they are left out for what cannot show them. */
type Stream = NodeJS.WriteStream;
type Colour = "green" | "red" | "yellow" | "cyan" | "dim";

const STATE_WIDTH = 22;
const AGO_WIDTH = 10;
const SIZE_WIDTH = 7;
const ID_LENGTH = 32;
const BAR_WIDTH = 16;
const GAP = "  ";
/** Columns are left out for a name of this length. */
const ENOUGH_FOR_NAME = 24;
const MIN_NAME = 8;

/** The columns of a list before the name, with their widths. */
const WIDTHS = { state: STATE_WIDTH + 2, uploaded: AGO_WIDTH, size: SIZE_WIDTH, id: ID_LENGTH } as const;
type Column = keyof typeof WIDTHS;
/** What a narrow terminal does without, in this order: a conversion can be named by its name as well as by its id. */
const DISPENSABLE: readonly Column[] = ["id", "size", "uploaded"];

/** The titles over `listRow`. */
export function listTitles(stream: Stream = process.stdout): string {
  const titles: Readonly<Record<Column, string>> = {
    state: "  STATE".padEnd(WIDTHS.state),
    uploaded: "UPLOADED".padEnd(AGO_WIDTH),
    size: "SIZE".padStart(SIZE_WIDTH),
    id: "ID".padEnd(ID_LENGTH),
  };
  return [...columnsFor(stream).map((column) => titles[column]), "NAME"].join(GAP);
}

/** One line. The name comes last: only a terminal knows how wide its characters are. */
export function listRow(conversion: ConversionSummary, now: number, stream: Stream = process.stdout): string {
  const columns = columnsFor(stream);
  const cells: Readonly<Record<Column, string>> = {
    state: stateCell(conversion, stream),
    uploaded: agoCell(conversion.uploadedAt, now),
    size: sizeCell(conversion),
    id: conversion.id,
  };
  return [...columns.map((column) => cells[column]), cut(nameCell(conversion), roomForName(columns, stream))].join(GAP);
}

function columnsFor(stream: Stream): readonly Column[] {
  let columns = Object.keys(WIDTHS) as Column[];
  for (const dispensable of DISPENSABLE) {
    if (roomForName(columns, stream) >= ENOUGH_FOR_NAME) break;
    columns = columns.filter((column) => column !== dispensable);
  }
  return columns;
}

function roomForName(columns: readonly Column[], stream: Stream): number {
  const taken = columns.reduce((sum, column) => sum + WIDTHS[column] + GAP.length, 0);
  return (stream.columns || Infinity) - taken;
}

/** The line of one that has ended, below those that run. */
export function endedRow(conversion: ConversionSummary, now: number, stream: Stream): string {
  const ago = agoCell(conversion.endedAt ?? conversion.uploadedAt, now);
  return `${stateCell(conversion, stream)}  ${ago}  ${sizeCell(conversion)}  ${nameCell(conversion)}`;
}

/** The line of one that runs, with a bar. */
export function runningRow({ input, phase, percent, waitReason }: ConversionSummary, stream: Stream): string {
  const filled = percent === null ? 0 : Math.round((Math.min(100, Math.max(0, percent)) / 100) * BAR_WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
  const figure = percent === null ? "" : `${Math.floor(percent)} %`;
  const words = `${phase.padEnd(10)} ${figure.padStart(5)}`;
  const reason = waitReason === null ? "" : `: ${printable(waitReason)}`;
  return `${painted("cyan", "…", stream)} ${painted("cyan", bar, stream)}  ${words}  ${printable(input.name)}${reason}`;
}

/** What of it is news when it changes, for where nothing is redrawn. */
export function stateWords(conversion: ConversionSummary): string {
  const { status, error } = conversion;
  if (status === "succeeded") return "succeeded";
  if (status !== "running") return printable(status === "failed" ? (error?.code ?? status) : status);
  const stage = stageOf(conversion);
  return stage === undefined ? "finishing" : describeStage(stage);
}

/** "2 running, 120 succeeded, 3 failed". */
export function countsLine({ isComplete, ...counts }: ConversionCounts): string {
  const words = LISTED_STATUSES.flatMap((status) => (counts[status] === 0 ? [] : [`${counts[status]} ${status}`]));
  if (words.length === 0) return "No conversions";
  return `${isComplete ? "" : "At least "}${words.join(", ")}`;
}

export function lastHourWords({ lastHour }: ConversionList): string {
  const sum = (count: "succeeded" | "failed"): number => lastHour.minutes.reduce((all, each) => all + each[count], 0);
  const [succeeded, failed] = [sum("succeeded"), sum("failed")];
  return `in the last hour: ${succeeded} succeeded, ${failed} failed`;
}

function stateCell(conversion: ConversionSummary, stream: Stream): string {
  const [colour, mark] = MARKS[conversion.status];
  const { status, phase, percent } = conversion;
  const running = percent === null ? phase : `${phase} ${Math.floor(percent)} %`;
  const words = status === "running" ? running : stateWords(conversion);
  return `${painted(colour, mark, stream)} ${words.slice(0, STATE_WIDTH).padEnd(STATE_WIDTH)}`;
}

const MARKS: Readonly<Record<ConversionSummary["status"], readonly [Colour, string]>> = {
  running: ["cyan", "…"],
  succeeded: ["green", "✓"],
  failed: ["red", "✗"],
  cancelled: ["yellow", "-"],
};

function agoCell(time: string, now: number): string {
  return formatAgo(now - Date.parse(time)).padEnd(AGO_WIDTH);
}

function sizeCell({ output, sizeBytes }: ConversionSummary): string {
  const size = output?.sizeBytes ?? sizeBytes;
  return (size === null ? "" : formatBytes(size)).padStart(SIZE_WIDTH);
}

/** The name, and what there is to say of it in the same line. */
function nameCell({ input, error, status, waitReason }: ConversionSummary): string {
  const said = status === "running" ? waitReason : status === "failed" ? error?.message.split("\n", 1)[0] : undefined;
  return printable(input.name) + (said ? `: ${printable(said)}` : "");
}

function cut(text: string, room: number): string {
  const length = Math.max(MIN_NAME, room);
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function painted(colour: Colour, text: string, stream: Stream): string {
  return styleText(colour, text, { stream });
}
