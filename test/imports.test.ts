import { readFileSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { test } from "vitest";

/** Rooms, each a folder or a file, from top to bottom. Rooms of one line are neighbours. */
type Floors = readonly (readonly string[])[];

/**
 * The houses of src, by their folders. A file imports from its own room and from rooms below it; neighbours know nothing
 * of each other. A file is in the first room that holds it, and "" holds all.
 */
const HOUSES: Readonly<Record<string, Floors>> = {
  "": [
    ["cli/"],
    ["local/stack/"],
    ["local/batchEmulator/", "local/functionsHost/", "local/azurite/"],
    ["local/kit/"],
    ["index.ts", "functions/", "page/"],
    ["upkeep/"],
    ["orchestrations/"],
    ["activities/"],
    ["results/", "nodes/"],
    ["azure/"],
    ["metrics.ts", "webhook/"],
    ["services.ts"],
    ["config.ts"],
    ["batchSettings.ts"],
    ["workloads/"],
    ["durable.ts", "durableClient.ts"],
    ["model/"],
  ],
  "cli/": [
    ["main.ts"],
    ["help.ts"],
    ["commandTable.ts"],
    ["commands/"],
    ["progress.ts", "conversionNews.ts", "doctor/", "manage/", "completion/"],
    ["convert/", "azure/"],
    ["api/"],
    [""],
  ],
  "local/batchEmulator/": [
    ["main.ts"],
    ["command.ts"],
    ["index.ts"],
    ["configuration.ts"],
    ["http/"],
    ["engine/"],
    ["faults/", "runner/", "autoscale/"],
    ["model/"],
    ["requestBodies/"],
    [""],
  ],
  "local/functionsHost/": [
    ["main.ts"],
    ["command.ts"],
    ["host.ts"],
    ["triggers/"],
    ["http/"],
    ["durable/"],
    ["storage/"],
    ["worker/"],
    ["internals/"],
    ["engine/"],
    [""],
  ],
  "local/kit/": [["commandLine/"], [""]],
};

/** Products of their own, which could be lifted out: they know nothing of the app. */
const FREE_OF_THE_APP = ["local/batchEmulator/", "local/functionsHost/", "local/azurite/", "local/kit/"];

const ROOT = "src";
const graph = readImports();

test.for(Object.entries(HOUSES))(
  "every file of src/%s is in a room that has its place",
  ([house, floors], { expect }) => {
    const files = [...graph.keys()].filter((file) => file.startsWith(house)).map((file) => file.slice(house.length));
    const used = new Set(files.map((file) => roomOf(file, floors)));

    expect(files.filter((file) => roomOf(file, floors) === undefined)).toEqual([]);
    expect(floors.flat().filter((room) => !used.has(room))).toEqual([]);
  },
);

test.for(Object.entries(HOUSES))(
  "in src/%s no room imports from one above it or beside it",
  ([house, floors], { expect }) => {
    const inside = arrows().filter((files) => files.every((file) => file.startsWith(house)));

    const wrong = inside.filter(([from, to]) => !mayImport(from.slice(house.length), to.slice(house.length), floors));

    expect(wrong.map(show)).toEqual([]);
  },
);

test("the app imports nothing of the local stack or the command line", ({ expect }) => {
  const wrong = arrows().filter(([from, to]) => !isLocal(from) && isLocal(to));

  expect(wrong.map(show)).toEqual([]);
});

test("the emulators import nothing of the app", ({ expect }) => {
  const wrong = arrows().filter(([from, to]) => FREE_OF_THE_APP.some((room) => from.startsWith(room)) && !isLocal(to));

  expect(wrong.map(show)).toEqual([]);
});

test("the page, which browsers run as it is, takes nothing but types from outside its folder", ({ expect }) => {
  const files = [...graph.keys()].filter((file) => file.startsWith("page/"));
  const wrong = files.flatMap((file) => {
    const imports = readFileSync(join(ROOT, file), "utf8").matchAll(/^import (?!type\b)[^"]*"(?!\.\/)([^"]+)"/gm);
    return [...imports].map(([, path]) => `${file} → ${path}`);
  });

  expect(files.length).toBeGreaterThan(0);
  expect(wrong).toEqual([]);
});

test("no files import each other in a circle", ({ expect }) => {
  expect(circles()).toEqual([]);
});

function isLocal(file: string): boolean {
  return file.startsWith("local/") || file.startsWith("cli/");
}

function roomOf(file: string, floors: Floors): string | undefined {
  const holds = (room: string): boolean => (room === "" || room.endsWith("/") ? file.startsWith(room) : file === room);
  return floors.flat().find(holds);
}

function mayImport(from: string, to: string, floors: Floors): boolean {
  const [own, other] = [roomOf(from, floors), roomOf(to, floors)];
  const floorOf = (room = ""): number => floors.findIndex((rooms) => rooms.includes(room));
  return own === other || floorOf(own) < floorOf(other);
}

function show([from, to]: readonly [string, string]): string {
  return `${from} → ${to}`;
}

function arrows(): (readonly [string, string])[] {
  return [...graph].flatMap(([from, imported]) => imported.map((to) => [from, to] as const));
}

/** Every import of one of our files, of types too: whoever names a type has to know its room. */
function readImports(): Map<string, string[]> {
  const files = readdirSync(ROOT, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".ts"));
  return new Map(
    files.map((file) => {
      const text = readFileSync(join(ROOT, file), "utf8");
      const paths = [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*"(\.[^"]+)"/g)].map(([, path]) => path ?? "");
      return [file, [...new Set(paths.map((path) => posix.join(posix.dirname(file), path)))]];
    }),
  );
}

/** The strongly connected parts with more than one file, by Tarjan's algorithm. */
function circles(): string[][] {
  const found: string[][] = [];
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];

  function visit(file: string): number {
    const own = index.size;
    index.set(file, own);
    low.set(file, own);
    stack.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!index.has(next)) low.set(file, Math.min(low.get(file) ?? own, visit(next)));
      else if (stack.includes(next)) low.set(file, Math.min(low.get(file) ?? own, index.get(next) ?? own));
    }
    if (low.get(file) === own) {
      const part = stack.splice(stack.indexOf(file));
      if (part.length > 1) found.push(part.toSorted());
    }
    return low.get(file) ?? own;
  }

  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return found;
}
