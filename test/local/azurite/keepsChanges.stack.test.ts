import { copyFileSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { assert, asyncProperty, array, constant, constantFrom, nat, oneof, record } from "fast-check";
import { onTestFinished, test } from "vitest";
import "../../../src/local/azurite/patches/keepsChanges.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

/*
 * The database of Azurite as it is, in this process. What a kill leaves is a copy of its two files, taken in a turn of its
 * own: whoever got an answer got it in such a turn or before.
 */

interface Documents {
  insert(document: object): object;
  update(document: object): void;
  remove(document: object): void;
  find(query?: object): { $loki: number; name: string; size?: number }[];
  findAndRemove(query: object): void;
}

interface Database {
  readonly collections: readonly { readonly name: string }[];
  addCollection(name: string, options: object): Documents;
  getCollection(name: string): Documents | null;
  removeCollection(name: string): void;
  loadDatabase(options: object, callback: (error?: Error | null) => void): void;
  saveDatabase(callback: (error?: Error | null) => void): void;
  autosaveEnable(): void;
  autosaveDisable(): void;
  autosaveDirty(): boolean;
}

const Loki = createRequire(import.meta.url)("lokijs") as new (path: string) => Database;

const NAMES = ["a", "b", "c"];
const COLLECTIONS = ["blobs", "blocks"];

type Step = {
  readonly what: (typeof STEPS)[number];
  readonly where: string;
  readonly name: string;
  readonly size: number;
};
const STEPS = ["insert", "update", "replace", "remove", "removeAll", "drop", "save", "turn"] as const;

const steps = array(
  record({
    what: oneof({ weight: 6, arbitrary: constantFrom(...STEPS) }, { weight: 2, arbitrary: constant("turn" as const) }),
    where: constantFrom(...COLLECTIONS),
    name: constantFrom(...NAMES),
    size: nat(9),
  }),
  { minLength: 1, maxLength: 60 },
);

test("whenever it is killed, the database is as it was in the last turn, its indices too", async ({ expect }) => {
  let runs = 0;
  const folder = temporaryFolder();
  const tryOut = async (planned: readonly Step[]): Promise<void> => {
    const path = join(folder, `${++runs}.json`);
    const database = await open(path);
    for (const step of planned) await take(database, step);
    await nextTurn();

    const copy = join(folder, `${runs}-copy.json`);
    for (const end of ["", ".changes"]) copyFileSync(path + end, copy + end);
    const again = await open(copy);

    expect(contentOf(again)).toEqual(contentOf(database));
    const next = { name: "next" };
    expect(collection(again, "blobs").insert({ ...next })).toMatchObject({
      $loki: (collection(database, "blobs").insert(next) as { $loki: number }).$loki,
    });
  };

  await assert(asyncProperty(steps, tryOut), { numRuns: 150 });
});

test("a database that starts afresh takes nothing from the journal of an earlier one", async ({ expect }) => {
  const folder = temporaryFolder();
  const path = join(folder, "old.json");
  const old = await open(path);
  collection(old, "blobs").insert({ name: "a" });
  await nextTurn();
  copyFileSync(`${path}.changes`, join(folder, "new.json.changes"));

  await open(join(folder, "new.json"));
  const fresh = await open(join(folder, "new.json"));

  expect(contentOf(fresh)).toEqual(contentOf(await open(join(folder, "other.json"))));
});

test("changes go from the journal once they are saved, a thousand at a time", async ({ expect }) => {
  const path = join(temporaryFolder(), "database.json");
  const database = await open(path);
  for (let n = 0; n < 1_000; n++) {
    collection(database, "blobs").insert({ name: `before ${n}` });
    await Promise.resolve();
  }
  const { size } = statSync(`${path}.changes`);
  const saving = save(database);
  collection(database, "blobs").insert({ name: "meanwhile" });
  await saving;

  const left = readFileSync(`${path}.changes`, "utf8");

  expect(size).toBeGreaterThan(100_000);
  expect(left).toContain("meanwhile");
  expect(left).not.toContain("before");
});

test("a database of many documents waits with its saves for many changes, until it is closed", async ({ expect }) => {
  const database = await open(join(temporaryFolder(), "database.json"));
  onTestFinished(() => database.autosaveDisable());
  database.autosaveEnable();
  const insert = async (count: number) => {
    for (let n = 0; n < count; n++) {
      collection(database, "blobs").insert({ name: `blob ${n}` });
      await Promise.resolve();
    }
  };

  await insert(1);
  expect(database.autosaveDirty()).toBe(true);
  await insert(2_500);
  await save(database);
  await insert(500);
  expect(database.autosaveDirty()).toBe(false);
  await insert(500);
  expect(database.autosaveDirty()).toBe(true);

  await save(database);
  await insert(1);
  expect(database.autosaveDirty()).toBe(false);
  database.autosaveDisable();
  expect(database.autosaveDirty()).toBe(true);
});

test("a document keeps what lokijs leaves out of its own objects, such as metadata that are called ttl", async ({
  expect,
}) => {
  const path = join(temporaryFolder(), "database.json");
  const database = await open(path);
  const metadata = { ttl: "60", constraints: "none", persistenceAdapter: "a", throttledCallbacks: "b" };
  collection(database, "blobs").insert({ name: "a", metadata });
  await save(database);
  rmSync(`${path}.changes`);

  expect(collection(await open(path), "blobs").find()).toMatchObject([{ metadata }]);
});

/** As Azurite opens its databases: what is there is loaded, what is missing is added, and all is saved. */
async function open(path: string): Promise<Database> {
  const database = new Loki(path);
  if (existsSync(path)) await settled((callback) => database.loadDatabase({}, callback));
  for (const name of COLLECTIONS) collection(database, name);
  await save(database);
  return database;
}

function collection(database: Database, name: string): Documents {
  return database.getCollection(name) ?? database.addCollection(name, { indices: ["name"] });
}

async function take(database: Database, { what, where, name, size }: Step): Promise<void> {
  const documents = collection(database, where);
  const [document] = documents.find({ name });
  switch (what) {
    case "insert":
      documents.insert({ name, size });
      break;
    case "update":
      if (document !== undefined) documents.update(Object.assign(document, { size }));
      break;
    case "replace":
      if (document !== undefined) documents.remove(document);
      documents.insert({ name, size });
      break;
    case "remove":
      if (document !== undefined) documents.remove(document);
      break;
    case "removeAll":
      documents.findAndRemove({ name });
      break;
    case "drop":
      database.removeCollection(where);
      break;
    case "save":
      void save(database);
      break;
    case "turn":
      await nextTurn();
  }
}

function contentOf(database: Database): unknown {
  return COLLECTIONS.map((name) => {
    const documents = collection(database, name);
    // An index may hold equals in any order.
    const found = (query?: object) => documents.find(query).toSorted((a, b) => a.$loki - b.$loki);
    return [documents.find(), ...NAMES.map((of) => found({ name: of }))];
  });
}

function save(database: Database): Promise<void> {
  return settled((callback) => database.saveDatabase(callback));
}

function settled(start: (callback: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()));
  });
}
