import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { onTestFinished, test } from "vitest";
import { builtScript, findAppRoot } from "../../../src/local/kit/appRoot.ts";
import { STOP_CHILD_BOUND_MS } from "../../../src/local/kit/childService.ts";
import { identifyProcess } from "../../../src/local/kit/processIdentity.ts";
import { findCoreTools } from "../../../src/local/stack/coreTools.ts";
import { STOP_FUNC_BOUND_MS } from "../../../src/local/stack/coreToolsProcess.ts";
import { createDataFolder, dataFolderAt } from "../../../src/local/stack/dataFolder.ts";
import { startFunctionsHost } from "../../../src/local/stack/childServices.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

test("without func on PATH there is a clear message that says what to install", ({ expect }) => {
  expect(() => findCoreTools({ PATH: temporaryFolder() })).toThrow(
    expect.objectContaining({ code: "CoreToolsMissing", hint: expect.stringContaining("azure-functions-core-tools") }),
  );
});

test("func is started on the app with its settings, and is ready when its host says so", async ({ expect }) => {
  const bin = temporaryFolder();
  copyFileSync(join(import.meta.dirname, "standIns", "func.mjs"), join(bin, "func"));
  const folder = dataFolderAt(temporaryFolder());
  createDataFolder(folder);
  const lines: string[] = [];

  const host = await startFunctionsHost("func", {
    app: findAppRoot(),
    folder,
    port: 0,
    env: { PATH: [bin, dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter) },
    settings: Promise.resolve({ STORAGE: "here" }),
    events: { onLine: (line) => lines.push(line) },
  });
  onTestFinished(() => host.stop());

  expect(host.ready.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(lines[0]).toMatch(/^func start --port \d+ in .* with STORAGE=here$/);
  await host.stop();
  await expect(fetch(host.ready.url)).rejects.toThrow();
});

test("func that hangs can be stopped while it starts, and leaves no process", async ({ expect }) => {
  const main = builtScript("local/stack/coreToolsMain.ts");
  const func = join(import.meta.dirname, "standIns", "muteFunc.mjs");
  const child = spawn(process.execPath, [main, "--func", func], { stdio: ["ignore", "ignore", "pipe"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const asked = await untilMatch(child.stderr, /func (\d+) was asked/);
  const pid = Number(asked[1]);
  onTestFinished(() => {
    if (identifyProcess(pid) !== undefined) process.kill(pid, "SIGKILL");
  });
  const exited = once(child, "exit");

  child.kill("SIGTERM");

  expect(await exited).toEqual([143, null]);
  expect(STOP_FUNC_BOUND_MS, "later the stack kills the process that runs func").toBeLessThan(STOP_CHILD_BOUND_MS);
  expect(identifyProcess(pid)).toBeUndefined();
});

async function untilMatch(stream: Readable, pattern: RegExp): Promise<RegExpExecArray> {
  for await (const line of createInterface(stream)) {
    const match = pattern.exec(line);
    if (match !== null) return match;
  }
  throw new Error(`Ended without ${pattern}`);
}
