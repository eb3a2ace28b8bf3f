import { EvaluationError } from "./values.ts";

/** What is measured of a pool every sample period. */
export const METRICS = [
  "$ActiveTasks",
  "$RunningTasks",
  "$PendingTasks",
  "$SucceededTasks",
  "$FailedTasks",
  "$CurrentDedicatedNodes",
  "$CurrentLowPriorityNodes",
  "$PreemptedNodeCount",
  "$SampleNodeCount",
  "$TaskSlotsPerNode",
  "$UsableNodeCount",
  "$CPUPercent",
  "$WallClockSeconds",
  "$MemoryBytes",
  "$DiskBytes",
  "$DiskReadBytes",
  "$DiskWriteBytes",
  "$DiskReadOps",
  "$DiskWriteOps",
  "$NetworkInBytes",
  "$NetworkOutBytes",
] as const;
export type Metric = (typeof METRICS)[number];

export interface Sample {
  readonly ms: number;
  readonly values: Readonly<Partial<Record<Metric, number>>>;
}

/** A bounded history: new samples push out the oldest. */
export class SampleHistory {
  readonly #samples: Sample[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(sample: Sample): void {
    this.#samples.push(sample);
    if (this.#samples.length > this.#limit) this.#samples.shift();
  }

  /** What a formula sees at a given time: samples become visible only some time after they were taken. */
  visibleAt(nowMs: number, delayMs: number, periodMs: number): VisibleSamples {
    return new VisibleSamples(
      this.#samples.filter(({ ms }) => ms <= nowMs - delayMs),
      nowMs,
      periodMs,
    );
  }
}

/** The methods of a sampled variable. https://learn.microsoft.com/azure/batch/batch-automatic-scaling#getsample-methods */
export class VisibleSamples {
  readonly #samples: readonly Sample[];
  readonly #nowMs: number;
  readonly periodMs: number;

  constructor(samples: readonly Sample[], nowMs: number, periodMs: number) {
    this.#samples = samples;
    this.#nowMs = nowMs;
    this.periodMs = periodMs;
  }

  count(metric: Metric): number {
    return this.#of(metric).length;
  }

  beginMs(metric: Metric): number {
    return this.#of(metric)[0]?.ms ?? this.#nowMs;
  }

  last(metric: Metric, count: number): readonly number[] {
    const found = count < 1 ? [] : this.#of(metric).slice(-count);
    if (found.length === 0) throw insufficient(metric, `${count} samples`, "0");
    return found.map(({ value }) => value);
  }

  /** Throws when less than `percent` of the samples that should exist do. */
  between(metric: Metric, startMs: number, endMs: number, percent: number): readonly number[] {
    const found = this.#of(metric).filter(({ ms }) => ms >= startMs && ms <= endMs);
    const has = this.percent(metric, startMs, endMs);
    if (found.length === 0 || has < percent) {
      throw insufficient(metric, `${Math.round(percent)}%`, `${Math.round(has)}%`);
    }
    return found.map(({ value }) => value);
  }

  /** How many of the samples that a period should have exist. */
  percent(metric: Metric, startMs: number, endMs: number): number {
    const expected = Math.max(1, Math.floor((endMs - startMs) / this.periodMs));
    const found = this.#of(metric).filter(({ ms }) => ms >= startMs && ms <= endMs).length;
    return Math.min(100, (found / expected) * 100);
  }

  #of(metric: Metric): readonly { ms: number; value: number }[] {
    return this.#samples.flatMap(({ ms, values }) => {
      const value = values[metric];
      return value === undefined ? [] : [{ ms, value }];
    });
  }
}

function insufficient(metric: Metric, wanted: string, received: string): EvaluationError {
  const detail = `Insufficient data from data set: ${metric} wanted ${wanted}, received ${received}`;
  return new EvaluationError(detail, "InsufficientSampleData");
}
