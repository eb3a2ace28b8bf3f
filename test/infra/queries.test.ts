import { readFileSync, readdirSync } from "node:fs";
import { test } from "vitest";
import type { ConversionRecord } from "../../src/model/conversion.ts";
import type { ConversionEnd } from "../../src/model/conversionLog.ts";
import { endMessage, measuresOf } from "../../src/model/conversionLog.ts";
import { failureOf } from "../../src/model/failures.ts";
import { WORKLOADS } from "../../src/workloads/index.ts";

const FOLDER = "infra/queries";
const QUERIES = readdirSync(FOLDER).map((file) => [file, readFileSync(`${FOLDER}/${file}`, "utf8")] as const);

const RECORD: ConversionRecord = {
  schemaVersion: 1,
  status: "failed",
  conversionId: "0123",
  workload: "mp3",
  input: { container: "input", name: "a.mp4", eTag: "0x1", sizeBytes: 1 },
  output: null,
  error: null,
  times: {
    startedAt: "2026-01-01T12:00:00.000Z",
    submittedAt: null,
    convertingAt: null,
    convertedAt: null,
    recordedAt: "2026-01-01T12:00:00.000Z",
  },
  attempts: 1,
  batch: null,
  tools: {},
};

const END: ConversionEnd = {
  conversionId: "0123",
  workload: "mp3",
  name: "a.mp4",
  firstAttempt: 1,
  outcome: "failed",
  result: null,
  seconds: 1,
  failure: failureOf("NodeLost"),
  measures: measuresOf(RECORD),
};

test.for(QUERIES.filter(([, query]) => query.includes("Conversion ended")))(
  "every field that %s reads is one that the app logs",
  ([, query], { expect }) => {
    const [, json = ""] = /^Conversion ended: (.*)$/.exec(endMessage(END)) ?? [];
    const logged = fieldsOf(JSON.parse(json));
    const read = [...query.matchAll(/\bend\.([\w.]+)/g)].map(([, field = ""]) => field);

    expect(query).toContain('| where Message startswith "Conversion ended: "');
    expect(read.length).toBeGreaterThan(0);
    expect(read.filter((field) => !logged.includes(field))).toEqual([]);
  },
);

test("the page about observability names every field that is logged", ({ expect }) => {
  const page = readFileSync("docs/observability.md", "utf8");

  const fields = fieldsOf(END).map((field) => field.replace("failure.", ""));
  expect(fields.filter((field) => !page.includes(`\`${field}\``))).toEqual([]);
});

test("the share of failures leaves out what a file is to blame for, whatever the workload", ({ expect }) => {
  const query = QUERIES.find(([file]) => file === "failureShare.kql")?.[1] ?? "";
  const list = /faultsOfFiles = dynamic\((.*)\);/.exec(query)?.[1] ?? "[]";

  const ofWorkloads = WORKLOADS.flatMap(({ failures }) => Object.keys(failures));
  expect(new Set(JSON.parse(list) as string[])).toEqual(new Set([...ofWorkloads, "InputMissing", "InputTooLarge"]));
});

/** `failure.code` for a field of a field. */
function fieldsOf(value: object): string[] {
  return Object.entries(value).flatMap(([name, field]: [string, unknown]) =>
    typeof field === "object" && field !== null ? fieldsOf(field).map((inner) => `${name}.${inner}`) : [name],
  );
}
