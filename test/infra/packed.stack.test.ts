import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EXIT } from "../../src/local/kit/commandLine/exitCodes.ts";
import { fixtureApp } from "../local/functionsHost/hostProcess.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

/** Of somebody who has installed what `npm pack` makes, and whose project has no file of ours. */
const folder = temporaryFolder(afterAll);
const installed = join(folder, "node_modules", "mp3drop");
const { optionalDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
  optionalDependencies: Record<string, string>;
};

beforeAll(() => {
  // The tests have built it.
  const args = ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder];
  const tarball = execFileSync("npm", args, { encoding: "utf8", shell: process.platform === "win32" }).trim();
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xf", join(folder, tarball), "-C", installed, "--strip-components=1"]);
  for (const name of Object.keys(optionalDependencies)) {
    cpSync(join("node_modules", name), join(folder, "node_modules", name), { recursive: true });
  }
});

test("npm packs the build and the users' guides of the emulators, and neither sources, tests nor source maps", () => {
  expect(readdirSync(installed).sort()).toEqual(["LICENSE", "README.md", "dist", "docs", "host.json", "package.json"]);
  expect(readdirSync(join(installed, "docs")).sort()).toEqual(["batch-emulator.md", "functions-host.md"]);
  const files = readdirSync(join(installed, "dist"), { recursive: true, encoding: "utf8" });
  expect(files.filter((path) => /\.(map|ts|tsbuildinfo)$/.test(path))).toEqual([]);
});

test("the Batch emulator needs no packages but the optional ones", async () => {
  const { endpoint } = await readyLine("batch-emulator");

  expect(endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test("nor does the Functions host, which takes the app's packages from the app", async () => {
  const { url } = await readyLine("functions-host", "--app", resolve(fixtureApp("basic")));

  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test.for(["batch-emulator", "functions-host"])("without the optional packages, %s says what is missing", (command) => {
  const bare = join(temporaryFolder(), "node_modules", "mp3drop");
  cpSync(installed, bare, { recursive: true });

  const { status, stderr } = spawnSync(process.execPath, [join(bare, "dist", "cli", "main.js"), command], {
    encoding: "utf8",
  });

  expect(stderr).toMatch(
    /^PackageMissing: The package \S+, which this command needs, is not installed\n.*--omit=optional/,
  );
  expect(status).toBe(EXIT.userMistake);
});

/** What an installed emulator says when it is ready, as JSON; it is ended then. */
async function readyLine(...args: readonly string[]): Promise<Record<string, unknown>> {
  const main = join(installed, "dist", "cli", "main.js");
  const child = spawn(process.execPath, [main, ...args, "--port", "0", "--data", "data", "--json"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] },
  });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const ended = once(child, "close");
  const line = once(createInterface({ input: child.stdout }), "line") as Promise<[string]>;
  const first = await Promise.race([line, ended.then(() => Promise.reject(new Error(stderr)))]);
  child.kill();
  await ended;
  return JSON.parse(first[0]) as Record<string, unknown>;
}
