import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { signatureOf, stringToSign } from "../../src/local/batchEmulator/http/requestSignature.ts";
import { stopChild } from "../../src/local/kit/childProcess.ts";
import type { Command, Context } from "../../src/local/kit/commandLine/command.ts";
import { EXIT } from "../../src/local/kit/commandLine/exitCodes.ts";
import { LOOPBACK } from "../../src/local/kit/loopback.ts";
import { doAndUndo } from "../../src/local/kit/undo.ts";

const NODES = 100;
const HELP = `Measures what the Batch emulator costs: 1,000 and 10,000 virtual tasks on ${NODES} virtual nodes, in a process of its own.

Options
  --help, -h        this text
`;

export const BENCH_BATCH: Command<Record<never, never>> = {
  name: "npm run bench:batch --",
  help: HELP,
  options: {},
  run,
};

/** Built beside this file. */
const SERVER = fileURLToPath(new URL("batchServer.js", import.meta.url));
const COLLECTION = 100;
const SIZES = [1_000, 10_000] as const;
const ROUNDS = 3;
const GETS = 500;
const LANES = 4;
const STOP_BOUND_MS = 10_000;

interface Account {
  readonly endpoint: string;
  readonly accountName: string;
  readonly accountKey: string;
}

interface Measured {
  readonly tasks: number;
  readonly addPerSecond: number;
  readonly getMedianMs: number;
  readonly runMsPerTask: number;
  readonly listMsPerTask: number;
  readonly deleteMsPerTask: number;
  readonly requestsPerSecond: number;
  readonly msPerTask: number;
  readonly peakMegabytes: number;
  readonly journalBytesPerTask: number;
}

async function run(_args: unknown, { output }: Context): Promise<number> {
  const results: Measured[] = [];
  for (const tasks of SIZES) {
    const rounds: Measured[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await measure(tasks));
    results.push(middle(rounds));
  }
  for (const result of results) {
    const rounded = Object.entries(result).map(([name, value]) => [name, Math.round(Number(value) * 1000) / 1000]);
    output.result(JSON.stringify(Object.fromEntries(rounded)));
  }
  const [small, large] = results;
  const ratio = (large?.msPerTask ?? 0) / (small?.msPerTask ?? 1);
  output.result(`cost per task, ${SIZES[1]} to ${SIZES[0]} tasks: ${ratio.toFixed(2)}`);
  return EXIT.ok;
}

async function measure(tasks: number): Promise<Measured> {
  const dataFolder = mkdtempSync(join(tmpdir(), "bench-batch-"));
  const child = fork(SERVER, [dataFolder, String(NODES)], { execArgv: [] });
  return doAndUndo(
    () => measureEmulator(child, dataFolder, tasks),
    [() => rmSync(dataFolder, { recursive: true, force: true }), () => stopChild(child, STOP_BOUND_MS)],
  );
}

async function measureEmulator(child: ChildProcess, dataFolder: string, tasks: number): Promise<Measured> {
  const account = await answerOf<Account>(child);
  const client = new BenchClient(account);
  await prepare(client, child);

  const started = performance.now();
  const add = await timed(() => addTasks(client, tasks));
  const gets = await timeGets(client, tasks);
  const run = await timed(() => runAll(client, child, tasks));
  const list = await timed(() => listAll(client));
  const remove = await timed(() => deleteAll(client, tasks));
  const totalMs = performance.now() - started;
  const { peakMegabytes } = await advance(child, 0);
  return {
    tasks,
    addPerSecond: tasks / (add / 1000),
    getMedianMs: gets[Math.floor(gets.length / 2)] ?? 0,
    runMsPerTask: run / tasks,
    listMsPerTask: list / tasks,
    deleteMsPerTask: remove / tasks,
    requestsPerSecond: client.requests / (totalMs / 1000),
    msPerTask: (add + run + list + remove) / tasks,
    peakMegabytes,
    journalBytesPerTask: statSync(join(dataFolder, "batch", "journal.jsonl")).size / tasks,
  };
}

async function prepare(client: BenchClient, child: ChildProcess): Promise<void> {
  await client.send("POST", "/pools", {
    id: "pool",
    vmSize: "standard_d2s_v3",
    targetDedicatedNodes: NODES,
    virtualMachineConfiguration: {
      imageReference: { publisher: "canonical", offer: "ubuntu-24_04-lts", sku: "server" },
      nodeAgentSKUId: "batch.node.ubuntu 24.04",
    },
  });
  await client.send("POST", "/jobs", { id: "job", poolInfo: { poolId: "pool" } });
  await advance(child, 10_000);
}

async function addTasks(client: BenchClient, tasks: number): Promise<void> {
  for (let first = 0; first < tasks; first += COLLECTION) {
    const value = Array.from({ length: COLLECTION }, (_, i) => taskNamed(first + i));
    await client.send("POST", "/jobs/job/addtaskcollection", { value });
  }
}

/** As large as the tasks of a real conversion: files in and out with signed URLs. */
function taskNamed(number: number): object {
  const signed = `http://${LOOPBACK}:10000/devstoreaccount1/container/blob-${number}?sv=2025-01-05&sig=${"s".repeat(120)}`;
  const output = { container: { containerUrl: signed, path: `out-${number}.mp3` } };
  return {
    id: `task-${number}`,
    commandLine: "/bin/bash convert.sh",
    resourceFiles: [
      { httpUrl: signed, filePath: "input.mp4" },
      { httpUrl: signed, filePath: "convert.sh" },
    ],
    outputFiles: [
      { filePattern: "output.mp3", destination: output, uploadOptions: { uploadCondition: "tasksuccess" } },
    ],
    environmentSettings: [{ name: "BITRATE", value: "192" }],
  };
}

async function timeGets(client: BenchClient, tasks: number): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < GETS; i++) {
    times.push(await timed(() => client.send("GET", `/jobs/job/tasks/task-${(i * 7919) % tasks}`)));
  }
  return times.sort((a, b) => a - b);
}

async function runAll(client: BenchClient, child: ChildProcess, tasks: number): Promise<void> {
  for (;;) {
    await advance(child, 600_000);
    const { taskCounts } = await client.send<{ taskCounts: { completed: number } }>("GET", "/jobs/job/taskcounts");
    if (taskCounts.completed === tasks) return;
  }
}

async function listAll(client: BenchClient): Promise<void> {
  let path: string | undefined = "/jobs/job/tasks";
  while (path !== undefined) {
    const page: { "odata.nextLink"?: string } = await client.send("GET", path);
    const link: string | undefined = page["odata.nextLink"];
    path = link === undefined ? undefined : link.slice(link.indexOf("/jobs"));
  }
}

async function deleteAll(client: BenchClient, tasks: number): Promise<void> {
  const lanes = Array.from({ length: LANES }, async (_, lane) => {
    for (let i = lane; i < tasks; i += LANES) await client.send("DELETE", `/jobs/job/tasks/task-${i}`);
  });
  await Promise.all(lanes);
}

class BenchClient {
  requests = 0;
  readonly #account: Account;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: LANES });

  constructor(account: Account) {
    this.#account = account;
  }

  send<T>(method: string, path: string, body?: object): Promise<T> {
    this.requests++;
    const { endpoint, accountName, accountKey } = this.#account;
    const query = path.includes("api-version") ? "" : `${path.includes("?") ? "&" : "?"}api-version=2022-10-01.16.0`;
    const rawUrl = `${path}${query}`;
    const text = body === undefined ? "" : JSON.stringify(body);
    const headers: Record<string, string> = {
      "ocp-date": new Date().toUTCString(),
      "content-type": "application/json; odata=minimalmetadata; charset=utf-8",
    };
    if (text !== "") headers["content-length"] = String(Buffer.byteLength(text));
    const signed = stringToSign({ method, rawUrl, headers, bodyLength: Buffer.byteLength(text) }, accountName);
    headers["authorization"] = `SharedKey ${accountName}:${signatureOf(signed, accountKey)}`;
    return new Promise((resolve, reject) => {
      const call = request(`${endpoint}${rawUrl}`, { method, headers, agent: this.#agent }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () => {
          const answer = Buffer.concat(chunks).toString("utf8");
          if ((response.statusCode ?? 500) >= 300) reject(new Error(`${method} ${path}: ${answer}`));
          else resolve((answer === "" ? {} : JSON.parse(answer)) as T);
        });
      });
      call.on("error", reject);
      call.end(text);
    });
  }
}

function advance(child: ChildProcess, advanceMs: number): Promise<{ peakMegabytes: number }> {
  const answer = answerOf<{ peakMegabytes: number }>(child);
  child.send(advanceMs);
  return answer;
}

function answerOf<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve) => child.once("message", (message) => resolve(message as T)));
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

/** The round of median cost: the machine has other things to do as well. */
function middle(rounds: readonly Measured[]): Measured {
  const sorted = rounds.toSorted((a, b) => a.msPerTask - b.msPerTask);
  const found = sorted[Math.floor(sorted.length / 2)];
  if (found === undefined) throw new Error("Nothing was measured");
  return found;
}
