import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { BatchLoad } from "./model/batchTask.ts";
import type { ConversionRecord } from "./model/conversion.ts";
import { measuresOf } from "./model/conversionLog.ts";
import { FAILURES } from "./model/failures.ts";
import type { Metrics } from "./services.ts";
import { WORKLOADS } from "./workloads/index.ts";

/** Media type of the text: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format */
export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** Up to a week, which is how long a queue may stand still by default. */
const BUCKETS_SECONDS = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 10_800, 43_200, 86_400, 604_800];
/** A run has three attempts. */
const BUCKETS_ATTEMPTS = [1, 2, 3, 6];

/** The figures of the saved queries in infra/queries, as far as one process knows them. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Counter({ name: `mp3drop_${name}`, help, labelNames, registers: [registry] });
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name: `mp3drop_conversion_${name}`, help, buckets, registers: [registry] });

  const ended = counter("conversions_ended_total", "Conversions that ended with a record.", ["outcome", "code"]);
  for (const labels of possibleEnds()) ended.inc(labels, 0);
  const queued = histogram("queued_seconds", "From the start to the moment when the last task began.", BUCKETS_SECONDS);
  const converting = histogram("converting_seconds", "From the start to the end of the last task.", BUCKETS_SECONDS);
  const publishing = histogram("publishing_seconds", "From the end of the task to the record.", BUCKETS_SECONDS);
  const attempts = histogram(
    "attempts",
    "Attempts at a conversion until it ended, over all its runs.",
    BUCKETS_ATTEMPTS,
  );
  const inputBytes = counter("input_bytes_total", "Size of the inputs of conversions that succeeded.");
  const outputBytes = counter("output_bytes_total", "Size of the results of conversions that succeeded.");
  const audioSeconds = counter("audio_seconds_total", "Duration of the results of conversions that succeeded.");
  const foundBySweep = counter(
    "sweep_found_total",
    "Conversions that the sweep started, because the event of their file had not arrived.",
  );

  return {
    countEnd(record) {
      const measures = measuresOf(record);
      ended.inc({ outcome: record.status, code: record.error?.code ?? "" });
      ifKnown(measures.queuedSeconds, (seconds) => queued.observe(seconds));
      ifKnown(measures.convertingSeconds, (seconds) => converting.observe(seconds));
      ifKnown(measures.publishingSeconds, (seconds) => publishing.observe(seconds));
      attempts.observe(measures.attempts);
      if (record.status !== "succeeded") return;
      ifKnown(measures.inputBytes, (bytes) => inputBytes.inc(bytes));
      ifKnown(measures.outputBytes, (bytes) => outputBytes.inc(bytes));
      ifKnown(measures.audioSeconds, (seconds) => audioSeconds.inc(seconds));
    },
    countFoundBySweep: (conversions) => foundBySweep.inc(conversions),
    text: async (load) => (await registry.metrics()) + (await batchText(load)),
  };
}

/**
 * All that `countEnd` can be told of. A series has to be there before its first event, or its increase is never seen:
 * https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics
 */
function possibleEnds(): { outcome: ConversionRecord["status"]; code: string }[] {
  const codes = [...Object.keys(FAILURES), ...WORKLOADS.flatMap(({ failures }) => Object.keys(failures))];
  return [
    { outcome: "succeeded", code: "" },
    { outcome: "cancelled", code: "Cancelled" },
    ...codes.filter((code) => code !== "Cancelled").map((code) => ({ outcome: "failed" as const, code })),
  ];
}

/** No conversion fails for a figure that cannot be counted: clocks differ, and workloads measure as they like. */
function ifKnown(value: number | null, count: (value: number) => void): void {
  if (value !== null && Number.isFinite(value)) count(Math.max(0, value));
}

function batchText(load: BatchLoad | undefined): Promise<string> {
  const registry = new Registry();
  const gauge = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Gauge({ name: `mp3drop_${name}`, help, labelNames, registers: [registry] });

  gauge("batch_up", "Whether Azure Batch has answered: 1 or 0.").set(load === undefined ? 0 : 1);
  if (load === undefined) return registry.metrics();
  const tasks = gauge("job_tasks", "Tasks of the job that wait for a node (active), or run.", ["state"]);
  for (const [state, count] of Object.entries(load.tasks)) tasks.set({ state }, count);
  const nodes = gauge("pool_nodes", "Nodes of the pool.", ["kind", "state"]);
  for (const [kind, counts] of Object.entries(load.nodes ?? {})) {
    for (const [state, count] of Object.entries(counts)) nodes.set({ kind, state }, count as number);
  }
  return registry.metrics();
}
