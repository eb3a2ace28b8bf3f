import { appendFileSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeEach, test } from "vitest";
import { Journal } from "../../../src/local/kit/journal.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { spawnUnderFileSizeLimit } from "./fullDisk.ts";

const format = { kind: "test", version: 1 };
let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder();
  path = join(folder, "journal.jsonl");
});

function reopen(): { journal: Journal<object>; entries: object[] } {
  const entries: object[] = [];
  const journal = Journal.open(path, { format, apply: (entry) => entries.push(entry) });
  return { journal, entries };
}

test("what was appended is read back in order", ({ expect }) => {
  const { journal } = reopen();
  journal.append({ n: 1 }, { text: "line\nbreak" });
  journal.append({ n: 3 });

  expect(reopen().entries).toEqual([{ n: 1 }, { text: "line\nbreak" }, { n: 3 }]);
});

test("a half-written last line is cut off, and appending goes on after it", ({ expect }) => {
  reopen().journal.append({ n: 1 });
  appendFileSync(path, '{"n":2');

  const { journal, entries } = reopen();
  journal.append({ n: 3 });

  expect(entries).toEqual([{ n: 1 }]);
  expect(reopen().entries).toEqual([{ n: 1 }, { n: 3 }]);
});

test("a half-written header is written again", ({ expect }) => {
  writeFileSync(path, '{"kind":"te');

  reopen().journal.append({ n: 1 });

  expect(reopen().entries).toEqual([{ n: 1 }]);
});

test("compaction keeps only the given entries, and appending goes on after them", ({ expect }) => {
  const { journal } = reopen();
  for (let n = 0; n < 100; n++) journal.append({ n });

  journal.compact([{ state: "all" }]);
  journal.append({ n: 100 });

  expect(journal.appendedSinceCompaction).toBe(1);
  expect(reopen().entries).toEqual([{ state: "all" }, { n: 100 }]);
});

test("a compaction of more than is written at a time keeps every entry in its place", ({ expect }) => {
  const { journal } = reopen();
  const entries = Array.from({ length: 3_000 }, (_, n) => ({ n, text: "é".repeat(100) }));
  journal.compact(entries);
  journal.append({ n: 3_000 });

  expect(reopen().entries).toEqual([...entries, { n: 3_000 }]);
});

test("a newer data format is refused and the file left as it is", ({ expect }) => {
  const newer = '{"kind":"test","version":2}\n{"future":true}\n';
  writeFileSync(path, newer);

  expect(() => reopen()).toThrow(expect.objectContaining({ code: "UnknownDataFormat" }));
  expect(readFileSync(path, "utf8")).toBe(newer);
});

test("a damaged line in the middle is refused with its line number", ({ expect }) => {
  writeFileSync(path, '{"kind":"test","version":1}\n{"n":1\n{"n":2}\n');

  expect(() => reopen()).toThrow(/journal\.jsonl is damaged at line 2/);
});

test.for(["null", "7", '"text"', "[]"])("a line that is JSON but no entry is refused: %s", (line, { expect }) => {
  writeFileSync(path, `{"kind":"test","version":1}\n${line}\n`);

  expect(() => reopen()).toThrow(/journal\.jsonl is damaged at line 2/);
});

test("a header that is JSON but no header is refused", ({ expect }) => {
  writeFileSync(path, "null\n");

  expect(() => reopen()).toThrow(/journal\.jsonl is damaged at line 1/);
});

test("an entry that makes no sense is damage, reported with its line number and the reason", ({ expect }) => {
  writeFileSync(path, '{"kind":"test","version":1}\n{"n":1}\n{}\n');
  const apply = (entry: { n?: number }): void => {
    if (entry.n === undefined) throw new TypeError("no n");
  };

  expect(() => Journal.open(path, { format, apply })).toThrow(
    expect.objectContaining({
      code: "DamagedData",
      message: `${path} is damaged at line 3`,
      cause: new TypeError("no n"),
    }),
  );
});

test("a journal that cannot be opened is named, with the reason", ({ expect }) => {
  mkdirSync(path);

  expect(() => reopen()).toThrow(
    expect.objectContaining({ code: "BadDataFolder", message: expect.stringContaining("EISDIR") }),
  );
});

test("an append that the disk cuts short is undone as a whole, and none is accepted after it", async ({ expect }) => {
  const { appended, ...said } = await fillDisk("append");

  expect(said).toEqual({
    code: "StateNotSaved",
    message: `${path} cannot be written: file too large (EFBIG)`,
    hint: expect.stringContaining("start again"),
    isSame: true,
    failures: [said.message],
  });
  const { journal, entries } = reopen();
  journal.append({ n: "after the restart" });
  expect(entries).toHaveLength(appended);
  expect(entries.at(-1)).toMatchObject({ n: appended - 1 });
  expect(reopen().entries.at(-1)).toEqual({ n: "after the restart" });
});

test("a compaction that the disk cuts short leaves the journal as it was", async ({ expect }) => {
  const said = await fillDisk("compact");

  expect(said).toMatchObject({ code: "StateNotSaved", isSame: true, failures: [said.message] });
  expect(readdirSync(folder)).toEqual(["journal.jsonl"]);
  expect(reopen().entries).toEqual(Array.from({ length: 10 }, (_, n) => ({ n })));
});

test("a compaction that cannot take the journal's place leaves the journal as it was", ({ expect }) => {
  const { journal } = reopen();
  journal.append({ n: 1 });
  const aside = join(folder, "aside");
  renameSync(path, aside);
  mkdirSync(path);

  expect(() => journal.compact([{ n: 1 }])).toThrow(/journal\.jsonl cannot be written/);
  expect(() => journal.append({ n: 2 })).toThrow(/journal\.jsonl cannot be written/);
  journal.close();

  expect(readdirSync(folder).toSorted()).toEqual(["aside", "journal.jsonl"]);
  expect(readFileSync(aside, "utf8")).toBe('{"kind":"test","version":1}\n{"n":1}\n');
});

test("an entry that JSON cannot hold is refused alone", ({ expect }) => {
  const { journal } = reopen();

  expect(() => journal.append({ n: 1n })).toThrow(TypeError);
  journal.append({ n: 2 });

  expect(reopen().entries).toEqual([{ n: 2 }]);
});

interface FullDiskReport {
  readonly appended: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Whether the next append throws the very same error. */
  readonly isSame: boolean;
  readonly failures: readonly string[];
}

async function fillDisk(what: "append" | "compact"): Promise<FullDiskReport> {
  const script = join(import.meta.dirname, "standIns", "fullDisk.mjs");
  return JSON.parse(
    await text(spawnUnderFileSizeLimit(process.execPath, [script, path, what]).stdout),
  ) as FullDiskReport;
}
