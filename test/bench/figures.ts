import type { StackService } from "../../src/local/stack/localStack.ts";

/** Seconds of processor time by process: a client is whoever has files converted, `task` all that runs on the node. */
export type CpuSeconds = Readonly<Record<"task" | StackService | "client", number>>;

export interface Costs {
  /** Undefined where the system does not tell. */
  readonly cpuSeconds: CpuSeconds | undefined;
  /** How many each service has served, by kind. */
  readonly requests: Readonly<Record<StackService, Readonly<Record<string, number>>>>;
}

export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return { min: sorted[0] ?? Number.NaN, median: (lower + upper) / 2, max: sorted.at(-1) ?? Number.NaN };
}

/** Round by round: what slows down one round of the machine slows down both sides. */
export function ratiosOf(ours: readonly number[], theirs: readonly number[]): Spread {
  return spreadOf(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));
}

/** Of each figure by itself. All have the same. */
export function mediansOf(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, spreadOf(all.map((one) => one[name] ?? Number.NaN)).median]));
}

/** The mean of one file, of rounds with so many files each. */
export function costsOfFile(rounds: readonly Costs[], files: number): Costs {
  const count = rounds.length * files;
  const measured = rounds.flatMap(({ cpuSeconds }) => cpuSeconds ?? []);
  const cpu = (process: keyof CpuSeconds): number => sumOf(measured.map((seconds) => seconds[process])) / count;
  const requests = (service: StackService): Record<string, number> => {
    const kinds = new Set(rounds.flatMap((round) => Object.keys(round.requests[service])));
    const mean = (kind: string): number => sumOf(rounds.map((round) => round.requests[service][kind] ?? 0)) / count;
    return Object.fromEntries([...kinds].map((kind) => [kind, mean(kind)]));
  };
  return {
    cpuSeconds:
      measured.length < rounds.length
        ? undefined
        : {
            task: cpu("task"),
            azurite: cpu("azurite"),
            functions: cpu("functions"),
            batch: cpu("batch"),
            client: cpu("client"),
          },
    requests: { azurite: requests("azurite"), batch: requests("batch"), functions: requests("functions") },
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
