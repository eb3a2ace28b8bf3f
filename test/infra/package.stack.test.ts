import { copyFileSync, linkSync, lstatSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stagePackage } from "../../infra/hooks/stagePackage.js";
import { StackUnderTest } from "../e2e/stackUnderTest.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

const MAX_MEGABYTES = 120;

const folder = temporaryFolder(afterAll);
const staged = join(folder, "staged");
let stack: StackUnderTest | undefined;

beforeAll(() => {
  stagePackage(staged);
});

afterAll(() => stack?.stop());

test("the package holds the app with its page and the task scripts, and nothing that runs it on a developer's machine", () => {
  const files = readdirSync(staged, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const places = files.map(({ parentPath, name }) => join(parentPath, name).slice(staged.length + 1));
  const folders = new Set(places.map((path) => path.split("/").slice(0, 2).join("/")).filter((path) => path !== ""));
  expect([...folders].sort()).toEqual([
    "dist/activities",
    "dist/azure",
    "dist/batchSettings.js",
    "dist/config.js",
    "dist/durable.js",
    "dist/durableClient.js",
    "dist/functions",
    "dist/index.js",
    "dist/metrics.js",
    "dist/model",
    "dist/nodes",
    "dist/orchestrations",
    "dist/page",
    "dist/results",
    "dist/services.js",
    "dist/upkeep",
    "dist/webhook",
    "dist/workloads",
    "host.json",
    "package-lock.json",
    "package.json",
  ]);
  expect(places.filter((path) => path.endsWith(".sh"))).toEqual([
    "dist/workloads/mp3/convert.sh",
    "dist/workloads/topWords/countWords.sh",
  ]);
  expect(places.filter((path) => path.startsWith("dist/") && !/\.(js|sh)$/.test(path)).sort()).toEqual([
    "dist/page/icon.svg",
    "dist/page/index.html",
    "dist/page/page.css",
  ]);
});

test("its manifest asks for what the app imports, in the versions of this lockfile, and runs nothing at the installation", () => {
  const manifest = JSON.parse(readFileSync(join(staged, "package.json"), "utf8")) as Record<string, unknown>;
  const own = JSON.parse(readFileSync("package.json", "utf8")) as Record<string, unknown>;
  expect(manifest["dependencies"]).toEqual(own["dependencies"]);
  expect(manifest).not.toHaveProperty("scripts");
  expect(manifest).not.toHaveProperty("devDependencies");
  expect(manifest).not.toHaveProperty("optionalDependencies");
  const local = /ffmpeg|ffprobe|azurite|vitest|hono|valibot|croner|typescript/;
  expect(packages().filter(([path]) => local.test(path))).toEqual([]);
  expect(packages().filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
});

test(`with its packages it is no larger than ${MAX_MEGABYTES} MB, and it converts a video`, async () => {
  for (const [path] of packages()) placePackage(path, join(staged, path));
  expect(sizeOf(staged) / 1e6).toBeLessThan(MAX_MEGABYTES);

  stack = await StackUnderTest.start({}, { app: staged });
  const record = await stack.convert("talk.mp4", readFileSync("test/fixtures/media/sample.mp4"));
  expect(record).toMatchObject({ status: "succeeded", output: { name: "talk.mp3" } });
  expect((await fetch(`${stack.url}/api/page/main.js`)).status).toBe(200);
});

function packages(): [string, { hasInstallScript?: boolean }][] {
  const lock = JSON.parse(readFileSync(join(staged, "package-lock.json"), "utf8")) as {
    packages: Record<string, { hasInstallScript?: boolean }>;
  };
  return Object.entries(lock.packages).filter(([path]) => path !== "");
}

/**
 * Places the files of a package without those that are installed in it. Each is a second name of the file: a symbolic link
 * would lead to a place where the development packages are found as well.
 */
function placePackage(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (!entry.isDirectory()) placeFile(source, target);
    else if (entry.name !== "node_modules") placePackage(source, target);
  }
}

function placeFile(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    // On another disk.
    copyFileSync(from, to);
  }
}

function sizeOf(path: string): number {
  const found = lstatSync(path);
  if (!found.isDirectory()) return found.size;
  return readdirSync(path).reduce((total, name) => total + sizeOf(join(path, name)), 0);
}
