import { copyFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { onTestFinished, test } from "vitest";
import { findCoreTools } from "../../../src/local/stack/coreTools.ts";
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
    folder,
    port: 0,
    env: { PATH: [bin, dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter), STORAGE: "here" },
    events: { onLine: (line) => lines.push(line) },
  });
  onTestFinished(() => host.stop());

  expect(host.ready.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(lines[0]).toMatch(/^func start --port \d+ in .* with STORAGE=here$/);
  await host.stop();
  await expect(fetch(host.ready.url)).rejects.toThrow();
});
