import type { TaskReport } from "../workloads/workload.ts";

/** Reads report.json. Throws a `SyntaxError` if it is not one, for instance because its upload was cut off. */
export function parseReport(json: string): TaskReport {
  const report = JSON.parse(json) as Partial<TaskReport> | null;
  if (typeof report?.outcome !== "string") throw new SyntaxError("The report has no outcome");
  return { ...report, outcome: report.outcome, resultBytes: report.resultBytes ?? null };
}
