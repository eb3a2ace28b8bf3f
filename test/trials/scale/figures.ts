import type { StackService } from "../../../src/local/stack/localStack.ts";
import { requestsBetween, total } from "../../probes/requests.ts";
import type { Snapshots } from "./scaleStack.ts";

export const SERVICES = ["azurite", "batch", "functions"] as const satisfies readonly StackService[];

/** What the conversions of a trial have cost, each. */
export interface Costs {
  /** Requests that each service has served per conversion, without the trial's own, by kind. */
  readonly requests: Readonly<Record<StackService, Readonly<Record<string, number>>>>;
  readonly cpuSeconds: Readonly<Record<StackService, number>>;
  /** By how much the live heap has grown per conversion that has ended. */
  readonly heapBytes: Readonly<Record<StackService, number>>;
}

/** What happened between two looks, divided by the number of conversions. */
export function costsOf(before: Snapshots, after: Snapshots, conversions: number): Costs {
  const each = <Result>(cost: (service: StackService) => Result): Record<StackService, Result> => ({
    azurite: cost("azurite"),
    batch: cost("batch"),
    functions: cost("functions"),
  });
  return {
    requests: each((service) => {
      const counts = requestsBetween(before[service].requests, after[service].requests);
      return Object.fromEntries([...counts].map(([kind, count]) => [kind, count / conversions]));
    }),
    cpuSeconds: each((service) => (after[service].cpuSeconds - before[service].cpuSeconds) / conversions),
    heapBytes: each((service) => (after[service].heapBytes - before[service].heapBytes) / conversions),
  };
}

/** What one conversion of many costs in relation to one of few. */
export function growth(few: Costs, many: Costs): { readonly requests: number; readonly cpu: number } {
  const requestsOf = ({ requests }: Costs): number => SERVICES.reduce((sum, name) => sum + total(requests[name]), 0);
  return {
    requests: requestsOf(many) / requestsOf(few),
    cpu: total(many.cpuSeconds) / total(few.cpuSeconds),
  };
}

/** Of the middle half of the records, which neither the first uploads nor the last ends slow down. */
export function steadyRate(records: readonly { readonly atMs: number; readonly count: number }[]): number {
  const last = records.at(-1)?.count ?? 0;
  const from = records.find(({ count }) => count >= last / 4);
  const to = records.find(({ count }) => count >= (last * 3) / 4);
  if (from === undefined || to === undefined || to.atMs === from.atMs) return 0;
  return ((to.count - from.count) * 1000) / (to.atMs - from.atMs);
}
