import { printable } from "../../local/kit/commandLine/printable.ts";
import type { Finding, State } from "./finding.ts";

const SIGNS: Readonly<Record<State, string>> = { ok: "✓", warning: "!", wrong: "✗", unknown: "?" };

/** One line: how it is, and what to do. */
export function lineOf({ what, state, detail, hint }: Finding): string {
  const advice = hint === undefined ? "" : ` → ${hint}`;
  return printable(`${SIGNS[state]} ${what}: ${detail}${advice}`.replaceAll(/\s+/g, " "));
}

/** How many of each: "12 ok, 1 warning". */
export function countsOf(findings: readonly Finding[]): string {
  const count = (state: State): number => findings.filter((finding) => finding.state === state).length;
  const counts = [
    `${count("ok")} ok`,
    `${count("warning")} ${count("warning") === 1 ? "warning" : "warnings"}`,
    `${count("wrong")} wrong`,
    `${count("unknown")} unknown`,
  ];
  return counts.filter((text) => !text.startsWith("0 ")).join(", ");
}
