import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeEach, test } from "vitest";
import { Archive } from "../../../src/local/kit/archive.ts";
import type { ArchivePlace } from "../../../src/local/kit/archive.ts";
import { ArchivingJournal } from "../../../src/local/kit/archivingJournal.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { spawnUnderFileSizeLimit } from "./fullDisk.ts";

type Entry =
  | { readonly k: "begin"; readonly id: string; readonly note: string }
  | { readonly k: "archived"; readonly id: string; readonly place: ArchivePlace }
  | { readonly k: "drop"; readonly id: string };

const SEGMENT_BYTES = 1_000;
let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
});

/** Notes: those that have not ended are in memory, the others in the archive. */
function open({ version = 2, compactAtBytes = 2_000 } = {}) {
  const archive = new Archive(join(folder, "archive"), SEGMENT_BYTES);
  const notes = new Map<string, string | ArchivePlace>();
  const apply = (entry: Entry): void => {
    const known = notes.get(entry.id);
    if (typeof known === "object") archive.release(known);
    if (entry.k === "drop") notes.delete(entry.id);
    else notes.set(entry.id, entry.k === "begin" ? entry.note : entry.place);
  };
  const crash: { beforeSnapshot?: () => void } = {};
  const journal = ArchivingJournal.open<Entry>(join(folder, "journal"), {
    format: { kind: "notes", version, oldestVersion: 1 },
    apply,
    archive,
    *snapshot() {
      crash.beforeSnapshot?.();
      for (const [id, known] of notes) {
        yield typeof known === "string" ? { k: "begin", id, note: known } : { k: "archived", id, place: known };
      }
    },
    relocate(move) {
      for (const [id, known] of notes) if (typeof known === "object") notes.set(id, move(id, known));
    },
    compactAtBytes,
  });
  const commit = (entry: Entry): void => {
    journal.compactWhenWorthwhile();
    journal.append(entry);
    apply(entry);
  };
  const read = (id: string): unknown => {
    const known = notes.get(id);
    return typeof known === "object" ? archive.read(id, known) : known;
  };
  return {
    archive,
    crash,
    commit,
    begin: (id: string, note: string) => commit({ k: "begin", id, note }),
    end: (id: string) => commit({ k: "archived", id, place: archive.append(id, { note: read(id) }) }),
    drop: (id: string) => commit({ k: "drop", id }),
    read,
    all: () => Object.fromEntries([...notes.keys()].map((id) => [id, read(id)])),
    inMemory: () => [...notes.values()].filter((known) => typeof known === "string").length,
    close: () => journal.close(),
  };
}

const segments = (): string[] => readdirSync(join(folder, "archive")).toSorted();
const segment = (number: number): string => join(folder, "archive", `${number}.jsonl`);
const archivedBytes = (): number =>
  segments().reduce((sum, name) => sum + statSync(join(folder, "archive", name)).size, 0);

test("what has ended is on the disk and not in memory, before and after a restart", ({ expect }) => {
  const state = open();
  state.begin("a", 'first "ä"\n');
  state.begin("b", "second");
  state.end("a");
  const expected = { a: { note: 'first "ä"\n' }, b: "second" };

  expect([state.inMemory(), state.all()]).toEqual([1, expected]);
  expect([open().inMemory(), open().all()]).toEqual([1, expected]);
});

test("a crash between writing something to the archive and its place to the journal loses nothing", ({ expect }) => {
  const state = open();
  for (const id of ["a", "b"]) state.begin(id, `note ${id}`);
  state.end("a");
  state.archive.append("b", { note: "never in the journal" });

  const after = open();
  expect(after.all()).toEqual({ a: { note: "note a" }, b: "note b" });
  after.end("b");
  expect(open().all()).toEqual({ a: { note: "note a" }, b: { note: "note b" } });
});

test("half a line at the end of the archive is cut off, and archiving goes on after it", ({ expect }) => {
  const state = open();
  for (const id of ["a", "b"]) state.begin(id, `note ${id}`);
  state.end("a");
  appendFileSync(segment(1), '["b",{"no');

  open().end("b");

  expect(readFileSync(segment(1), "utf8")).toBe('["a",{"note":"note a"}]\n["b",{"note":"note b"}]\n');
  expect(open().all()).toEqual({ a: { note: "note a" }, b: { note: "note b" } });
});

test("what is dropped is gone, also after a crash right behind it, and its files go with a compaction", ({
  expect,
}) => {
  const state = open();
  for (let n = 0; n < 100; n++) {
    state.begin(`i${n}`, "x".repeat(100));
    state.end(`i${n}`);
  }
  const full = segments().length;
  for (let n = 0; n < 100; n++) if (n % 10 !== 0) state.drop(`i${n}`);
  const left = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`i${n * 10}`, { note: "x".repeat(100) }]));

  expect(full).toBeGreaterThan(5);
  expect(open().all()).toEqual(left);

  const after = open();
  after.begin("last", "x");
  expect(archivedBytes()).toBeLessThan(10 * 120 + 2 * SEGMENT_BYTES);
  expect(open().all()).toEqual({ ...left, last: "x" });
});

test("a crash in the middle of a compaction leaves everything in its old place", ({ expect }) => {
  const state = open({ compactAtBytes: Number.POSITIVE_INFINITY });
  for (let n = 0; n < 30; n++) {
    state.begin(`i${n}`, "x".repeat(100));
    state.end(`i${n}`);
  }
  const before = segments();
  state.crash.beforeSnapshot = () => {
    throw new Error("crash");
  };

  expect(() => {
    for (let n = 0; n < 30; n++) state.drop(`i${(n * 7) % 30}`);
  }).toThrow("crash");
  const left = state.all();
  expect(Object.keys(left).length).toBeGreaterThan(5);
  expect(segments()).toEqual(expect.arrayContaining(before));
  expect(segments().length).toBeGreaterThan(before.length);
  const after = open();
  expect(after.all()).toEqual(left);
  for (const id of Object.keys(left)) after.drop(id);
  expect(open().all()).toEqual({});
});

test("a file that a crash kept from being deleted after a compaction goes at the next start", ({ expect }) => {
  const state = open({ compactAtBytes: 0 });
  state.begin("a", "note a");
  state.end("a");
  copyFileSync(segment(1), join(folder, "copy"));
  state.drop("a");
  for (let n = 0; n < 10; n++) state.begin("b", "note b");
  expect(segments()).not.toContain("1.jsonl");
  copyFileSync(join(folder, "copy"), segment(1));

  expect(open().all()).toEqual({ b: "note b" });
  expect(segments()).not.toContain("1.jsonl");
});

test("the journal is bounded by what is in the state, whatever has passed through it", ({ expect }) => {
  const state = open({ compactAtBytes: 10_000 });
  for (let n = 0; n < 200; n++) {
    state.begin(`i${n % 5}`, "x".repeat(200));
    state.end(`i${n % 5}`);
  }

  expect(statSync(join(folder, "journal")).size).toBeLessThan(11_000);
  expect(Object.keys(open().all())).toHaveLength(5);
});

test("a journal of an older version is rewritten in the present one before anything is added to it", ({ expect }) => {
  const begin = '{"k":"begin","id":"a","note":"old"}\n';
  writeFileSync(join(folder, "journal"), `{"kind":"notes","version":1}\n${begin}`);

  expect(open().all()).toEqual({ a: "old" });
  expect(readFileSync(join(folder, "journal"), "utf8")).toBe(`{"kind":"notes","version":2}\n${begin}`);
  expect(() => open({ version: 1 })).toThrow(/has data format 2; this version reads format 1/);
});

function archiveThree(): void {
  const state = open();
  for (const id of ["a", "b", "c"]) {
    state.begin(id, `note ${id}`);
    state.end(id);
  }
  state.close();
}

test.for([
  ["is missing", () => rmSync(segment(1))],
  ["ends too early", () => truncateSync(segment(1), statSync(segment(1)).size - 1)],
  ["holds something else", () => replaceIn(segment(1), '["b"', '["x"')],
] as const)("an archive that %s is named at the start and left as it is", ([, damage], { expect }) => {
  archiveThree();
  damage();
  const journal = readFileSync(join(folder, "journal"), "utf8");
  const files = segments();

  expect(() => open()).toThrow(
    expect.objectContaining({ code: "DamagedData", message: expect.stringContaining("1.jsonl is damaged at byte ") }),
  );
  expect([readFileSync(join(folder, "journal"), "utf8"), segments()]).toEqual([journal, files]);
});

test("a body that is damaged is named when it is read, and does no harm to the others", ({ expect }) => {
  archiveThree();
  replaceIn(segment(1), '"note b"', '"note b ');

  const state = open();
  expect(() => state.read("b")).toThrow(expect.objectContaining({ code: "DamagedData" }));
  expect(state.read("c")).toEqual({ note: "note c" });
});

test("an archive whose folder cannot be used is named", ({ expect }) => {
  writeFileSync(join(folder, "archive"), "");

  expect(() => open()).toThrow(expect.objectContaining({ code: "BadDataFolder" }));
});

test("on a full disk nothing more is accepted, and what was acknowledged is there at the next start", async ({
  expect,
}) => {
  const script = join(import.meta.dirname, "standIns", "fullArchive.mjs");
  const args = [script, join(folder, "journal"), join(folder, "archive")];
  const { archived, ...said } = JSON.parse(await text(spawnUnderFileSizeLimit(process.execPath, args).stdout)) as {
    archived: number;
  };

  expect(said).toEqual({
    code: "StateNotSaved",
    message: `${segment(1)} cannot be written: file too large (EFBIG)`,
    hint: expect.stringContaining("start again"),
    isSame: true,
    failures: [`${segment(1)} cannot be written: file too large (EFBIG)`],
  });
  const { all, end, begin } = open();
  expect(Object.keys(all())).toHaveLength(archived);
  begin("after", "the restart");
  end("after");
  expect(open().read("after")).toEqual({ note: "the restart" });
});

function replaceIn(path: string, from: string, to: string): void {
  writeFileSync(path, readFileSync(path, "utf8").replace(from, to));
}
