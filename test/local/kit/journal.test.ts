import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "vitest";
import { Journal } from "../../../src/local/kit/journal.ts";

const format = { kind: "test", version: 1 };
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "journal-"));
  path = join(folder, "journal.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

function reopen(): { journal: Journal<unknown>; entries: unknown[] } {
  const entries: unknown[] = [];
  const journal = Journal.open(path, format, (entry) => entries.push(entry));
  return { journal, entries };
}

test("what was appended is read back in order", ({ expect }) => {
  const { journal } = reopen();
  journal.append({ n: 1 }, { text: "line\nbreak" });
  journal.append({ n: 3 });

  expect(reopen().entries).toEqual([{ n: 1 }, { text: "line\nbreak" }, { n: 3 }]);
});

test("a half-written last line is cut, and appending goes on behind it", ({ expect }) => {
  reopen().journal.append({ n: 1 });
  appendFileSync(path, '{"n":2');

  const { journal, entries } = reopen();
  journal.append({ n: 3 });

  expect(entries).toEqual([{ n: 1 }]);
  expect(reopen().entries).toEqual([{ n: 1 }, { n: 3 }]);
});

test("a half-written header is written anew", ({ expect }) => {
  writeFileSync(path, '{"kind":"te');

  reopen().journal.append({ n: 1 });

  expect(reopen().entries).toEqual([{ n: 1 }]);
});

test("compaction keeps only the given entries, and appending goes on behind them", ({ expect }) => {
  const { journal } = reopen();
  for (let n = 0; n < 100; n++) journal.append({ n });

  journal.compact([{ state: "all" }]);
  journal.append({ n: 100 });

  expect(journal.appendedSinceCompaction).toBe(1);
  expect(reopen().entries).toEqual([{ state: "all" }, { n: 100 }]);
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
