import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { builtScript, findAppRoot } from "../../src/local/kit/appRoot.ts";
import { stopChild } from "../../src/local/kit/childProcess.ts";
import type { Command, Context } from "../../src/local/kit/commandLine/command.ts";
import { EXIT } from "../../src/local/kit/commandLine/exitCodes.ts";
import { doAndUndo } from "../../src/local/kit/undo.ts";
import type { UndoStep } from "../../src/local/kit/undo.ts";
import { measureStreams } from "./hostStreams.ts";
import type { EchoServer } from "./hostStreams.ts";

const APPS = join(findAppRoot(), "test/fixtures/apps");
const ECHO = fileURLToPath(new URL("bareEcho.js", import.meta.url));
const MAIN = builtScript("local/functionsHost/main.ts");
const INSTANCES = 1_000;
const ACTIVITIES = 10;
const ROUNDS = 3;
const HISTORY_LENGTHS = [10, 100, 1_000];
const CLIENTS = 16;
const EVENTS_PER_STEP = 4;
const STOP_BOUND_MS = 10_000;
const MB = 1024 * 1024;

const HELP = `Measures the Functions host: start, ${INSTANCES} orchestrations of ${ACTIVITIES} activities, the cost of long histories, and
streamed requests.

Options
  --help, -h        this text
`;

export const BENCH_HOST: Command<Record<never, never>> = {
  name: "npm run bench:host --",
  help: HELP,
  options: {},
  run,
};

async function run(_args: unknown, { output }: Context): Promise<number> {
  const undo: UndoStep[] = [];
  const print = (line: string): void => output.result(line);
  const measureAll = async (): Promise<number> => {
    const { url, firstRequestMs } = await startHost("bench", undo);
    print(`first useful request ${firstRequestMs.toFixed(0)} ms after start (target 500)`);
    await measureThroughput(url, "chain", "one after the other", print);
    await measureThroughput(url, "fanOut", "side by side", print);
    await measureHistoryCost(url, print);
    const [plain, web] = [await startProcess([ECHO], undo), await startProcess([ECHO, "web"], undo)];
    const streaming = await startHost("streaming", undo);
    await measureStreams({ host: { ...streaming, url: `${streaming.url}/api/echo` }, plain, web }, print);
    return EXIT.ok;
  };
  return doAndUndo(measureAll, undo);
}

interface Usage {
  readonly rss: number;
  readonly heapUsed: number;
  readonly peakRss: number;
  readonly cpuSeconds: number;
}

async function startHost(app: string, undo: UndoStep[]): Promise<EchoServer & { firstRequestMs: number }> {
  const dataFolder = mkdtempSync(join(tmpdir(), "host-bench-"));
  undo.push(() => rmSync(dataFolder, { recursive: true, force: true }));
  const startedAt = performance.now();
  const options = ["--app", join(APPS, app), "--data", dataFolder, "--port", "0", "--json"];
  const { url, pid } = await startProcess(["--expose-gc", MAIN, ...options], undo);
  await (await fetch(`${url}/api/hello`)).text();
  return { url, pid, firstRequestMs: performance.now() - startedAt };
}

async function startProcess(args: readonly string[], undo: UndoStep[]): Promise<EchoServer> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  undo.push(() => stopChild(child, STOP_BOUND_MS));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${String(code)}`)));
  });
  return { url: (JSON.parse(line) as { url: string }).url, pid: child.pid ?? 0 };
}

async function measureThroughput(
  url: string,
  orchestrator: string,
  how: string,
  print: (line: string) => void,
): Promise<void> {
  for (let round = 1; round <= ROUNDS; round++) {
    const before = await readUsage(url);
    const startedAt = performance.now();
    await startMany(url, orchestrator, INSTANCES, ACTIVITIES);
    await waitForAll(url);
    const seconds = (performance.now() - startedAt) / 1000;
    const full = await readUsage(url);
    await purgeAll(url);
    const purged = await readUsage(url);
    const cpuMs = ((full.cpuSeconds - before.cpuSeconds) * 1000) / INSTANCES;
    print(
      `round ${round}: ${INSTANCES} orchestrations of ${ACTIVITIES} activities ${how}: ${(INSTANCES / seconds).toFixed(0)}/s ` +
        `(target 150), ${cpuMs.toFixed(1)} ms of CPU each; memory ${megabytes(full.rss)} MB, heap ${megabytes(full.heapUsed)} MB, ` +
        `after purge ${megabytes(purged.heapUsed)} MB, peak ${megabytes(full.peakRss)} MB`,
    );
  }
}

async function readUsage(url: string): Promise<Usage> {
  return (await (await fetch(`${url}/api/usage`)).json()) as Usage;
}

async function measureHistoryCost(url: string, print: (line: string) => void): Promise<void> {
  for (const length of HISTORY_LENGTHS) {
    const steps = Math.max(1, Math.round(length / EVENTS_PER_STEP));
    const startedAt = performance.now();
    await startMany(url, "chain", 1, steps);
    await waitForAll(url);
    const ms = performance.now() - startedAt;
    print(`history of ${length} events: ${(ms / (steps * EVENTS_PER_STEP)).toFixed(2)} ms per event`);
    await purgeAll(url);
  }
}

async function startMany(host: string, orchestrator: string, count: number, length: number): Promise<void> {
  const { statusQueryGetUri } = await links(host);
  const url = statusQueryGetUri.replace(/instances\/INSTANCE/, `orchestrators/${orchestrator}`);
  const body = JSON.stringify({ length });
  let left = count;
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (left-- > 0) {
        const response = await fetch(url, { method: "POST", body });
        await response.text();
        if (response.status !== 202) throw new Error(`Starting answered ${response.status}`);
      }
    }),
  );
}

async function waitForAll(host: string): Promise<void> {
  const { statusQueryGetUri } = await links(host);
  const url = `${statusQueryGetUri.replace("INSTANCE", "")}&runtimeStatus=Pending,Running&top=1`;
  while (((await (await fetch(url)).json()) as unknown[]).length > 0) await sleep(50);
}

async function purgeAll(host: string): Promise<void> {
  const { purgeHistoryDeleteUri } = await links(host);
  const url = `${purgeHistoryDeleteUri.replace("INSTANCE", "")}&createdTimeFrom=2000-01-01T00:00:00Z`;
  await (await fetch(url, { method: "DELETE" })).text();
}

async function links(host: string): Promise<{ statusQueryGetUri: string; purgeHistoryDeleteUri: string }> {
  return (await (await fetch(`${host}/api/links`)).json()) as {
    statusQueryGetUri: string;
    purgeHistoryDeleteUri: string;
  };
}

function megabytes(bytes: number): string {
  return (bytes / MB).toFixed(0);
}
