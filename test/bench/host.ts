import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { builtScript, findAppRoot } from "../../src/local/kit/appRoot.ts";

const APP_FOLDER = join(findAppRoot(), "test/fixtures/apps/bench");
const MAIN = builtScript("local/functionsHost/main.ts");
const INSTANCES = 1_000;
const ACTIVITIES = 10;
const ROUNDS = 3;
const HISTORY_LENGTHS = [10, 100, 1_000];
const CLIENTS = 16;
const EVENTS_PER_STEP = 4;
const MB = 1024 * 1024;

const dataFolder = mkdtempSync(join(tmpdir(), "host-bench-"));
const host = await startHost();
try {
  print(`first useful request ${host.firstRequestMs.toFixed(0)} ms after start (target 1000)`);
  await measureThroughput("chain", "one after the other");
  await measureThroughput("fanOut", "side by side");
  await measureHistoryCost();
} finally {
  host.child.kill("SIGTERM");
  await new Promise((resolve) => host.child.once("exit", resolve));
  rmSync(dataFolder, { recursive: true, force: true });
}

interface Usage {
  readonly rss: number;
  readonly heapUsed: number;
  readonly peakRss: number;
  readonly cpuSeconds: number;
}

async function startHost(): Promise<{ child: ChildProcess; url: string; firstRequestMs: number }> {
  const startedAt = performance.now();
  const args = ["--expose-gc", MAIN, "--app", APP_FOLDER, "--data", dataFolder, "--port", "0", "--json"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`The host ended with ${String(code)}`)));
  });
  const { url } = JSON.parse(line) as { url: string };
  await (await fetch(`${url}/api/hello`)).text();
  return { child, url, firstRequestMs: performance.now() - startedAt };
}

async function measureThroughput(orchestrator: string, how: string): Promise<void> {
  for (let round = 1; round <= ROUNDS; round++) {
    const before = await readUsage();
    const startedAt = performance.now();
    await startMany(orchestrator, INSTANCES, ACTIVITIES);
    await waitForAll();
    const seconds = (performance.now() - startedAt) / 1000;
    const full = await readUsage();
    await purgeAll();
    const purged = await readUsage();
    const cpuMs = ((full.cpuSeconds - before.cpuSeconds) * 1000) / INSTANCES;
    print(
      `round ${round}: ${INSTANCES} orchestrations of ${ACTIVITIES} activities ${how}: ${(INSTANCES / seconds).toFixed(0)}/s ` +
        `(target 150), ${cpuMs.toFixed(1)} ms of CPU each; memory ${megabytes(full.rss)} MB, heap ${megabytes(full.heapUsed)} MB, ` +
        `after purge ${megabytes(purged.heapUsed)} MB, peak ${megabytes(full.peakRss)} MB`,
    );
  }
}

async function readUsage(): Promise<Usage> {
  return (await (await fetch(`${host.url}/api/usage`)).json()) as Usage;
}

async function measureHistoryCost(): Promise<void> {
  for (const length of HISTORY_LENGTHS) {
    const steps = Math.max(1, Math.round(length / EVENTS_PER_STEP));
    const startedAt = performance.now();
    await startMany("chain", 1, steps);
    await waitForAll();
    const ms = performance.now() - startedAt;
    print(`history of ${length} events: ${(ms / (steps * EVENTS_PER_STEP)).toFixed(2)} ms per event`);
    await purgeAll();
  }
}

async function startMany(orchestrator: string, count: number, length: number): Promise<void> {
  const { statusQueryGetUri } = await links();
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

async function waitForAll(): Promise<void> {
  const { statusQueryGetUri } = await links();
  const url = `${statusQueryGetUri.replace("INSTANCE", "")}&runtimeStatus=Pending,Running&top=1`;
  while (((await (await fetch(url)).json()) as unknown[]).length > 0) await sleep(50);
}

async function purgeAll(): Promise<void> {
  const { purgeHistoryDeleteUri } = await links();
  const url = `${purgeHistoryDeleteUri.replace("INSTANCE", "")}&createdTimeFrom=2000-01-01T00:00:00Z`;
  await (await fetch(url, { method: "DELETE" })).text();
}

async function links(): Promise<{ statusQueryGetUri: string; purgeHistoryDeleteUri: string }> {
  return (await (await fetch(`${host.url}/api/links`)).json()) as {
    statusQueryGetUri: string;
    purgeHistoryDeleteUri: string;
  };
}

function megabytes(bytes: number): string {
  return (bytes / MB).toFixed(0);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
