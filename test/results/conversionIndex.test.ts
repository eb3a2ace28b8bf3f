import fc from "fast-check";
import { test } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { ConversionRecord } from "../../src/model/conversion.ts";
import type { IndexEntry } from "../../src/results/conversionIndex.ts";
import {
  INDEX_FOLDER,
  correctEntry,
  entryName,
  noteEnd,
  noteStart,
  readEntry,
} from "../../src/results/conversionIndex.ts";
import type { BlobStore, Services } from "../../src/services.ts";
import { MemoryBlobs } from "../upkeep/memoryBlobs.ts";

const APPLICATION = "application";
const ID = "0123456789abcdef0123456789abcdef";
const START = {
  id: ID,
  startedAt: "2026-01-01T12:00:00.000Z",
  workload: "mp3",
  source: { container: "input", name: "talks/intro.mp4", eTag: "0x1" },
  attempt: 1,
};
const config = readConfig({ STORAGE: "UseDevelopmentStorage=true", BATCH_ACCOUNT_ENDPOINT: "http://127.0.0.1:1" });

function play(): { blobs: MemoryBlobs; services: Services; entries: () => (IndexEntry | undefined)[] } {
  const blobs = new MemoryBlobs();
  const services = { config, blobs: blobs.store } as Services;
  const entries = (): (IndexEntry | undefined)[] =>
    blobs.names(APPLICATION).map((name) => {
      const found = blobs.find(APPLICATION, name);
      return found && readEntry(found);
    });
  return { blobs, services, entries };
}

/** Of any characters. The library's own "binary" takes seconds to begin. */
function anyText(minLength: number, maxLength: number): fc.Arbitrary<string> {
  const character = fc.oneof(fc.nat({ max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }));
  return fc.array(character, { minLength, maxLength }).map((codes) => String.fromCodePoint(...codes));
}

function record(
  status: ConversionRecord["status"],
  attempts: number,
  more: Partial<ConversionRecord> = {},
): ConversionRecord {
  return {
    schemaVersion: 1,
    status,
    conversionId: ID,
    workload: "mp3",
    input: { ...START.source, sizeBytes: 7 },
    output: null,
    error: status === "succeeded" ? null : { code: "NodeLost", message: "gone", hint: "retry", logBlob: null },
    times: {
      startedAt: START.startedAt,
      submittedAt: null,
      convertingAt: null,
      convertedAt: null,
      recordedAt: "2026-01-01T12:05:00.000Z",
    },
    attempts,
    batch: null,
    tools: {},
    ...more,
  };
}

test("the names of entries sort the newest first, whatever the year", ({ expect }) => {
  const times = [
    "1971-01-01T00:00:00.000Z",
    "2001-09-09T01:46:40.000Z",
    "2026-01-01T12:00:00.000Z",
    "2026-01-01T12:00:00.001Z",
    "2099-12-31T23:59:59.999Z",
  ];

  const names = times.map((startedAt) => entryName({ id: ID, startedAt }));

  expect(names.toSorted()).toEqual(names.toReversed());
  expect(names.every((name) => name.startsWith(INDEX_FOLDER))).toBe(true);
});

test("an entry keeps any name, and stays below what metadata may hold", async ({ expect }) => {
  const [longest, message] = [anyText(1, 512), anyText(0, 4_000)];
  await fc.assert(
    fc.asyncProperty(longest, message, async (name, words) => {
      const { blobs, services, entries } = play();
      const input = { ...START.source, name, sizeBytes: 7 };
      const error = { code: "FfmpegFailed", message: words, hint: words, logBlob: null };

      await noteEnd(services, record("failed", 3, { input, error }), true);

      expect(entries()).toMatchObject([{ id: ID, startedAt: START.startedAt, source: { name }, attempt: 3 }]);
      const [only = ""] = blobs.names(APPLICATION);
      const metadata = Object.entries(blobs.find(APPLICATION, only)?.metadata ?? {})
        .flat()
        .join("");
      expect(metadata).toMatch(/^[\x21-\x7E]*$/);
      expect(metadata.length).toBeLessThan(8 * 1024 - 100);
    }),
    { numRuns: 50 },
  );
});

test("the widest name and message fit as well", async ({ expect }) => {
  const { blobs, services, entries } = play();
  const name = "語".repeat(1024);
  const input = { ...START.source, name, sizeBytes: 7 };
  const error = { code: "FfmpegFailed", message: "語".repeat(4000), hint: "語".repeat(4000), logBlob: null };

  await noteEnd(services, record("failed", 1, { input, error }), true);

  expect(entries()[0]?.source.name).toBe(name);
  expect(entries()[0]?.error?.message).toMatch(/^語+…$/);
  expect(blobs.find(APPLICATION, entryName(START))?.metadata["entry"]?.length).toBeLessThan(8 * 1024 - 100);
});

test("a start that is late, or comes twice, does not hide the end", async ({ expect }) => {
  const { services, entries } = play();
  await noteStart(services, START);
  await noteEnd(services, record("succeeded", 1), true);

  await noteStart(services, START);

  expect(entries()).toMatchObject([{ status: "succeeded", endedAt: "2026-01-01T12:05:00.000Z" }]);
});

test("a retry shows the conversion as running again, in its old place", async ({ expect }) => {
  const { services, entries } = play();
  await noteStart(services, START);
  await noteEnd(services, record("failed", 3), true);

  await noteStart(services, { ...START, attempt: 4 });

  expect(entries()).toMatchObject([{ status: "running", attempt: 4, endedAt: null, error: null }]);
});

test("an activity that runs beside itself does not hide the retry that came meanwhile", async ({ expect }) => {
  const { services, entries } = play();
  await noteEnd(services, record("failed", 3), true);
  await noteStart(services, { ...START, attempt: 4 });

  await noteEnd(services, record("failed", 3), false);

  expect(entries()).toMatchObject([{ status: "running", attempt: 4 }]);
});

test("the end that a crash kept from being noted is noted by the next run of the activity", async ({ expect }) => {
  const { services, entries } = play();
  await noteStart(services, START);

  await noteEnd(services, record("failed", 3), false);

  expect(entries()).toMatchObject([{ status: "failed", attempt: 3, error: { code: "NodeLost" }, sizeBytes: 7 }]);
});

test("a storage that refuses the note does not make the conversion fail", async ({ expect }) => {
  const refuse = async (): Promise<never> => {
    throw new Error("503");
  };
  const blobs = { writeText: refuse, properties: refuse, delete: refuse } as unknown as BlobStore;
  const services = { config, blobs } as Services;

  await expect(noteStart(services, START)).resolves.toBeUndefined();
  await expect(noteEnd(services, record("failed", 1), true)).resolves.toBeUndefined();
  await expect(noteEnd(services, record("failed", 1), false)).resolves.toBeUndefined();
  await expect(correctEntry(services, { name: entryName(START), eTag: "1" }, undefined)).resolves.toBeUndefined();
});

test("a correction gives way to what has been noted since", async ({ expect }) => {
  const { blobs, services, entries } = play();
  await noteStart(services, START);
  const name = entryName(START);
  const eTag = blobs.find(APPLICATION, name)?.eTag ?? "";
  await noteEnd(services, record("succeeded", 1), true);

  await correctEntry(services, { name, eTag }, undefined);

  expect(entries()).toMatchObject([{ status: "succeeded" }]);
});

test.for([
  ["no entry", {}],
  ["no JSON", { entry: "AAAA" }],
  ["null", { entry: Buffer.from("null").toString("base64url") }],
  ["nothing of ours", { entry: Buffer.from("{}").toString("base64url") }],
] as const)("a blob whose metadata is damaged, %s, is no entry", ([, metadata], { expect }) => {
  expect(readEntry({ name: entryName(START), metadata })).toBeUndefined();
});
