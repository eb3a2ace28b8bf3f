import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, test, vi } from "vitest";
import { ensureBatch } from "../../src/activities/ensureBatch.ts";
import type { SubmitTaskInput } from "../../src/activities/submitTask.ts";
import { submitTask } from "../../src/activities/submitTask.ts";
import { createServices } from "../../src/azure/azureServices.ts";
import { readConfig } from "../../src/config.ts";
import { startBatchEmulator } from "../../src/local/batchEmulator/index.ts";
import type { CompletedTask } from "../../src/model/batchTask.ts";
import { stagedBlobs } from "../../src/results/staging.ts";
import type { Services } from "../../src/services.ts";
import { checkedCommandLine } from "../../src/workloads/commandLine.ts";
import { readTaskScript } from "../../src/workloads/taskFiles.ts";
import { topWords } from "../../src/workloads/topWords/index.ts";
import { useAzurite } from "../azuriteServices.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { PATIENCE_MS } from "../patience.ts";

const SCRIPT = readTaskScript(topWords);
const CONVERSION_ID = "0123456789abcdef0123456789abcdef";

const azurite = useAzurite();

/** The services of the app over the embedded ones, with the first attempt at the words of a text. */
async function start(): Promise<{ services: Services; input: SubmitTaskInput }> {
  const emulator = await startBatchEmulator({ dataFolder: temporaryFolder() });
  onTestFinished(() => emulator.stop());
  const services = createServices(
    readConfig({
      STORAGE: azurite.connectionString,
      BATCH_ACCOUNT_ENDPOINT: emulator.endpoint,
      BATCH_ACCOUNT_NAME: emulator.accountName,
      BATCH_ACCOUNT_KEY: emulator.accountKey,
      WORKLOADS: "topWords",
    }),
  );
  await ensureBatch(services, { attempt: 1 }, () => {});
  const text = { container: "input", name: "a.txt" };
  await services.blobs.writeText(text, "to be or not to be", { contentType: "text/plain" });
  const eTag = (await services.blobs.properties(text))?.eTag ?? "";
  const startedAt = "2026-01-01T12:00:00.000Z";
  const source = { ...text, eTag };
  return {
    services,
    input: { conversionId: CONVERSION_ID, workload: "topWords", source, startedAt, attempt: 1, abandoned: null },
  };
}

async function completion(services: Services, input: SubmitTaskInput): Promise<CompletedTask> {
  const submitted = await submitTask(services, input);
  if (submitted.status !== "submitted") throw new Error(`The task was not added: ${submitted.status}`);
  return vi.waitFor(
    async () => {
      const reading = await services.batch.readTask(submitted.submission.task);
      if (reading.state === "completed") return reading;
      throw new Error(`The task is still ${reading.state}`);
    },
    { timeout: PATIENCE_MS, interval: 50 },
  );
}

test("a script that somebody has replaced is not run, its task says so, and the next attempt runs ours", async ({
  expect,
}) => {
  const { services, input } = await start();
  const trace = join(temporaryFolder(), "trace");
  const script = { container: "application", name: SCRIPT.blobName };
  await services.blobs.writeText(script, `echo ran >'${trace}'\n`, { contentType: "application/x-sh" });

  expect(await completion(services, input)).toMatchObject({ succeeded: false, exitCode: 1 });
  const { stderr } = stagedBlobs("work", CONVERSION_ID, 1);
  expect((await services.blobs.readText(stderr))?.text).toMatch(
    new RegExp(`^task.sh was not run: its SHA-256 is [0-9a-f]{64}, not ${SCRIPT.sha256}: .* ${SCRIPT.blobName} `),
  );
  expect(existsSync(trace)).toBe(false);

  await ensureBatch(services, { attempt: 2 }, () => {});
  expect(await completion(services, { ...input, attempt: 2 })).toMatchObject({ succeeded: true, exitCode: 0 });
});

/** What the command line does in a folder with this script, on a node with these tools only. */
function runCommandLine(script: string, tools: readonly string[]): { status: number | null; stderr: string } {
  const [folder, bin] = [temporaryFolder(), temporaryFolder()];
  writeFileSync(join(folder, "task.sh"), script);
  for (const tool of tools) symlinkSync(tool, join(bin, tool.slice(tool.lastIndexOf("/") + 1)));
  const [, inner = ""] = /^\/bin\/sh -c '([^']*)'$/.exec(checkedCommandLine(topWords)) ?? [];
  const { status, stderr } = spawnSync("/bin/sh", ["-c", inner], {
    cwd: folder,
    env: { PATH: bin },
    encoding: "utf8",
    // Where its stdin is a socket, bash takes itself for a remote shell, and reads the user's start-up file.
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { status, stderr };
}

test("a node without sha256sum, as macOS is one, checks with shasum", ({ expect }) => {
  expect(runCommandLine("exit 0", ["/usr/bin/shasum"])).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/its SHA-256 is [0-9a-f]{64}, not/) as string,
  });
  const own = runCommandLine(readFileSync(topWords.script, "utf8"), ["/usr/bin/shasum"]);
  expect(own.stderr).not.toContain("was not run");
});

test("a node that cannot check the script does not run it", ({ expect }) => {
  expect(runCommandLine(SCRIPT.text, [])).toMatchObject({
    status: 1,
    stderr: "task.sh was not run: neither sha256sum nor shasum could check it\n",
  });
});
