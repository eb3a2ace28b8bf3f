import { BatchServiceClient, BatchSharedKeyCredentials } from "@azure/batch";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import { seededRandom, startBatchEmulator, VirtualClock } from "../../../src/local/batchEmulator/index.ts";
import type { BatchEmulator, BatchEmulatorOptions } from "../../../src/local/batchEmulator/index.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

export const IMAGE = {
  imageReference: { publisher: "canonical", offer: "ubuntu-24_04-lts", sku: "server" },
  nodeAgentSKUId: "batch.node.ubuntu 24.04",
};

export const INSTANT = {
  allocationMs: 0,
  bootMs: 0,
  startMs: 0,
  poolDeleteMs: 0,
  jobDeleteMs: 0,
  jobTerminateMs: 0,
  jobDisableMs: 0,
  nodeLeaveMs: 0,
  preemptedMs: 0,
};

export interface Fixture {
  readonly emulator: BatchEmulator;
  readonly client: BatchServiceClient;
  readonly dataFolder: string;
}

/** An emulator of one test, with the shipped client connected to it. */
export async function startFixture(options: Partial<BatchEmulatorOptions> = {}): Promise<Fixture> {
  const dataFolder = options.dataFolder ?? temporaryFolder();
  const timings = { ...INSTANT, ...options.timings };
  const emulator = await startBatchEmulator({ ...options, timings, dataFolder });
  onTestFinished(() => emulator.stop());
  return { emulator, client: connect(emulator), dataFolder };
}

export function connect({ accountName, accountKey, endpoint }: BatchEmulator): BatchServiceClient {
  const credentials = new BatchSharedKeyCredentials(accountName, accountKey);
  return new BatchServiceClient(credentials, endpoint, { noRetryPolicy: true });
}

/** Asks until the answer is the wanted one; the test's own time limit ends it otherwise. */
export async function until<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
  }
}

export async function addPoolAndJob(client: BatchServiceClient, pool: object = {}, job: object = {}): Promise<void> {
  await client.pool.add({
    id: "pool",
    vmSize: "Standard_D2s_v3",
    virtualMachineConfiguration: IMAGE,
    targetDedicatedNodes: 1,
    ...pool,
  });
  await client.job.add({ id: "job", poolInfo: { poolId: "pool" }, ...job });
}

/** An emulator whose time stands still and whose tasks only seem to run, for 60 s each. */
export async function startVirtualFixture(
  options: Partial<BatchEmulatorOptions> = {},
): Promise<Fixture & { clock: VirtualClock }> {
  const clock = new VirtualClock(Date.UTC(2026, 0, 1, 12));
  const random = seededRandom(1);
  const fixture = await startFixture({ clock, random, virtualTasks: { seconds: 60 }, ...options });
  return { ...fixture, clock };
}

/** What the service would answer in place of a rejected call. */
export async function refusal(call: Promise<unknown>): Promise<{ status: number; code: string }> {
  try {
    await call;
  } catch (error) {
    const { statusCode, code } = error as { statusCode: number; code: string };
    return { status: statusCode, code };
  }
  return { status: 0, code: "not refused" };
}

export function taskCompleted(client: BatchServiceClient, taskId = "task", jobId = "job") {
  return until(
    () => client.task.get(jobId, taskId),
    (task) => task.state === "completed",
  );
}

export async function readAll(stream: NodeJS.ReadableStream | undefined): Promise<string> {
  return stream === undefined ? "" : text(stream);
}
