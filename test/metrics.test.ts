import { readFileSync } from "node:fs";
import { test } from "vitest";
import { METRICS_TYPE, createMetrics } from "../src/metrics.ts";
import type { ConversionRecord } from "../src/model/conversion.ts";
import { FAILURES, failureOf } from "../src/model/failures.ts";
import { WORKLOADS } from "../src/workloads/index.ts";
import { parseMetrics } from "./parseMetrics.ts";

const SUCCESS: ConversionRecord = {
  schemaVersion: 1,
  status: "succeeded",
  conversionId: "0123",
  workload: "mp3",
  input: { container: "input", name: "a secret name.mp4", eTag: "0x1", sizeBytes: 9_000 },
  output: { container: "output", name: "a secret name.mp3", url: "https://a", sizeBytes: 1_000, durationSeconds: 42.5 },
  error: null,
  times: {
    startedAt: "2026-01-01T12:00:00.000Z",
    submittedAt: "2026-01-01T12:00:01.000Z",
    convertingAt: "2026-01-01T12:01:00.000Z",
    convertedAt: "2026-01-01T12:01:20.000Z",
    recordedAt: "2026-01-01T12:01:21.500Z",
  },
  attempts: 2,
  batch: null,
  tools: {},
};

function failed(code: "NodeLost" | "Cancelled", times: Partial<ConversionRecord["times"]> = {}): ConversionRecord {
  const error = { ...failureOf(code), logBlob: null };
  const status = code === "Cancelled" ? "cancelled" : "failed";
  return { ...SUCCESS, status, output: null, error, times: { ...SUCCESS.times, ...times } };
}

test("each end is counted once, by outcome and code, with what it took", async ({ expect }) => {
  const metrics = createMetrics();
  metrics.countEnd(SUCCESS);
  metrics.countEnd(failed("NodeLost"));
  metrics.countEnd(failed("Cancelled", { convertingAt: null, convertedAt: null }));
  metrics.countFoundBySweep(3);

  const { samples } = parseMetrics(await metrics.text(undefined));

  expect(samples).toMatchObject({
    'mp3drop_conversions_ended_total{outcome="succeeded",code=""}': 1,
    'mp3drop_conversions_ended_total{outcome="failed",code="NodeLost"}': 1,
    'mp3drop_conversions_ended_total{outcome="cancelled",code="Cancelled"}': 1,
    'mp3drop_conversion_queued_seconds_bucket{le="30"}': 0,
    'mp3drop_conversion_queued_seconds_bucket{le="60"}': 2,
    mp3drop_conversion_queued_seconds_sum: 120,
    mp3drop_conversion_queued_seconds_count: 2,
    mp3drop_conversion_converting_seconds_sum: 40,
    'mp3drop_conversion_publishing_seconds_bucket{le="1"}': 0,
    'mp3drop_conversion_publishing_seconds_bucket{le="+Inf"}': 2,
    mp3drop_conversion_attempts_sum: 6,
    mp3drop_conversion_attempts_count: 3,
    mp3drop_input_bytes_total: 9_000,
    mp3drop_output_bytes_total: 1_000,
    mp3drop_audio_seconds_total: 42.5,
    mp3drop_sweep_found_total: 3,
  });
});

test("every series is there from the start, and no name of a file becomes a label", async ({ expect }) => {
  const metrics = createMetrics();
  const before = parseMetrics(await metrics.text(undefined)).samples;
  metrics.countEnd(SUCCESS);
  metrics.countEnd(failed("NodeLost"));
  const after = await metrics.text(undefined);

  expect(Object.keys(before)).toEqual(Object.keys(parseMetrics(after).samples));
  const codes = [...Object.keys(FAILURES), ...WORKLOADS.flatMap(({ failures }) => Object.keys(failures))];
  expect(Object.keys(before).filter((name) => name.includes("ended_total"))).toHaveLength(codes.length + 1);
  expect(after).not.toContain("secret");
});

test("the text, and the page about it, say of every metric what it means and of which type it is", async ({
  expect,
}) => {
  const load = { nodes: { dedicated: { idle: 1 }, spot: {} }, tasks: { active: 7, running: 2 } };
  const text = await createMetrics().text(load);
  const { samples, types } = parseMetrics(text);

  expect(METRICS_TYPE).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(text.endsWith("\n")).toBe(true);
  for (const [name, type] of Object.entries(types)) {
    expect(text).toMatch(new RegExp(`^# HELP ${name} \\w.*\\.?$`, "m"));
    expect(type).toBe(
      name.endsWith("_total") ? "counter" : name.startsWith("mp3drop_conversion_") ? "histogram" : "gauge",
    );
  }
  const described = Object.keys(types);
  const page = readFileSync("docs/observability.md", "utf8");
  expect(described.filter((name) => !new RegExp(`\`${name}[\`{]`).test(page))).toEqual([]);
  const metricOf = (sample: string): string => sample.replace(/\{.*/, "").replace(/_(bucket|sum|count)$/, "");
  expect(Object.keys(samples).filter((sample) => !described.includes(metricOf(sample)))).toEqual([]);
});

test.for([
  ["spans below zero, as clocks that differ make them", { convertingAt: "2026-01-01T11:59:59.000Z" }, 42.5],
  ["a duration that no counter takes", {}, Infinity],
  ["a duration below zero", {}, -1],
] as const)("%s do not fail the conversion", async ([, times, durationSeconds], { expect }) => {
  const metrics = createMetrics();
  const output = { container: "output", name: "a.mp3", url: "https://a", sizeBytes: 1_000, durationSeconds };
  metrics.countEnd({ ...SUCCESS, output, times: { ...SUCCESS.times, ...times } });

  const values = Object.values(parseMetrics(await metrics.text(undefined)).samples);
  expect(values.filter((value) => !(value >= 0))).toEqual([]);
});

test("what Batch has to do is told by state, and without its answer only that there is none", async ({ expect }) => {
  const metrics = createMetrics();
  const tasks = { active: 7, running: 2 };
  const nodes = { dedicated: { idle: 0, running: 1 }, spot: { running: 4, preempted: 1 } };
  const batchSamples = async (load: Parameters<typeof metrics.text>[0]): Promise<Record<string, number>> => {
    const { samples } = parseMetrics(await metrics.text(load));
    return Object.fromEntries(Object.entries(samples).filter(([name]) => /^mp3drop_(batch|job|pool)_/.test(name)));
  };

  const running = {
    mp3drop_batch_up: 1,
    'mp3drop_job_tasks{state="active"}': 7,
    'mp3drop_job_tasks{state="running"}': 2,
  };
  expect(await batchSamples({ nodes, tasks })).toEqual({
    ...running,
    'mp3drop_pool_nodes{kind="dedicated",state="idle"}': 0,
    'mp3drop_pool_nodes{kind="dedicated",state="running"}': 1,
    'mp3drop_pool_nodes{kind="spot",state="running"}': 4,
    'mp3drop_pool_nodes{kind="spot",state="preempted"}': 1,
  });
  expect(await batchSamples({ nodes: null, tasks })).toEqual(running);
  expect(await batchSamples(undefined)).toEqual({ mp3drop_batch_up: 0 });
});
