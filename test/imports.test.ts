import { readFileSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { test } from "vitest";

/**
 * The rooms of src from top to bottom: a file imports from its own room and from rooms below it. Rooms of one line are
 * neighbours that know nothing of each other.
 */
const FLOORS: readonly (readonly string[])[] = [
  ["cli/"],
  ["local/stack/"],
  ["local/batchEmulator/", "local/functionsHost/", "local/azurite/"],
  ["local/kit/"],
  ["index.ts", "functions/"],
  ["upkeep/"],
  ["orchestrations/"],
  ["activities/"],
  ["results/"],
  ["azure/"],
  ["services.ts"],
  ["config.ts"],
  ["workloads/"],
  ["durable.ts"],
  ["model/"],
];

/** Products of their own, which could be lifted out: they know nothing of the app. */
const FREE_OF_THE_APP = ["local/batchEmulator/", "local/functionsHost/", "local/azurite/", "local/kit/"];

const ROOT = "src";
const graph = readImports();

test("every file of src is in a room that has its place", ({ expect }) => {
  expect([...graph.keys()].filter((file) => floorOf(file) === -1)).toEqual([]);
});

test("no room imports from one above it or beside it", ({ expect }) => {
  const upwards = arrows().filter(([from, to]) => floorOf(from) > floorOf(to) || isBeside(from, to));

  expect(upwards.map(show)).toEqual([]);
});

test("the app imports nothing of the local stack or the command line", ({ expect }) => {
  const wrong = arrows().filter(([from, to]) => !isLocal(from) && isLocal(to));

  expect(wrong.map(show)).toEqual([]);
});

test("the emulators import nothing of the app", ({ expect }) => {
  const wrong = arrows().filter(([from, to]) => FREE_OF_THE_APP.some((room) => from.startsWith(room)) && !isLocal(to));

  expect(wrong.map(show)).toEqual([]);
});

test("no files import each other in a circle", ({ expect }) => {
  expect(circles()).toEqual([]);
});

function isLocal(file: string): boolean {
  return file.startsWith("local/") || file.startsWith("cli/");
}

function roomOf(file: string): string | undefined {
  return FLOORS.flat().find((room) => (room.endsWith("/") ? file.startsWith(room) : file === room));
}

function floorOf(file: string): number {
  const room = roomOf(file);
  return FLOORS.findIndex((rooms) => room !== undefined && rooms.includes(room));
}

function isBeside(from: string, to: string): boolean {
  return floorOf(from) === floorOf(to) && roomOf(from) !== roomOf(to);
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
