import type { ConversionRecord } from "../../model/conversion.ts";
import type { Failure } from "../../model/failures.ts";
import { styled } from "../../local/kit/commandLine/output.ts";
import { printable } from "../../local/kit/commandLine/printable.ts";
import { formatBytes, formatSeconds } from "../format.ts";
import { nameOf } from "./labels.ts";
import type { Source } from "./sources.ts";

export function describeSuccess({ resultPath }: Source, { output, times }: ConversionRecord, folder: string): string {
  const took = formatSeconds(Date.parse(times.recordedAt) - Date.parse(times.startedAt));
  return `→ ${nameOf(resultPath, folder)} (${formatBytes(output?.sizeBytes ?? 0)}, ${took})`;
}

/** What went wrong, and what to do about it. */
export function describeFailure(label: string, { status, error, conversionId }: ConversionRecord): string {
  const lines = [`${label}: ${styled("red", printable(error?.code ?? status))}`];
  if (error !== null) lines.push(indented(error.message), indented(error.hint));
  if (error?.logBlob) {
    lines.push(`  Its log: mp3drop log ${conversionId}, or ${printable(error.logBlob)} in the output container`);
  }
  return lines.join("\n");
}

/** The same in one line. */
export function describeReason({ status, error }: ConversionRecord): string {
  return error === null ? printable(status) : describeError(error);
}

/** In one line, so of what ffmpeg said only the first: the record has all of it. */
export function describeError({ code, message, hint }: Pick<Failure, "code" | "message" | "hint">): string {
  const [reason = ""] = message.split("\n", 1);
  return printable(`${code}: ${reason}${/[.?!…]$/.test(reason) ? "" : "."} ${hint}`);
}

/** One line that counts everything. */
export function countOutcomes(answers: readonly ConversionRecord[], skipped: number, elapsedMs: number): string {
  const failed = answers.filter(({ status }) => status !== "succeeded").length;
  const counts = [
    answers.length === 0
      ? "Nothing is left to convert"
      : `${answers.length - failed} of ${answers.length} converted in ${formatSeconds(elapsedMs)}`,
  ];
  if (failed > 0) counts.push(`${failed} failed`);
  if (skipped > 0) counts.push(`${skipped} skipped`);
  return counts.join(", ");
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${printable(line)}`)
    .join("\n");
}
