import type { BatchServiceClient, BatchServiceModels } from "@azure/batch";
import { onTestFinished } from "vitest";
import { connectBatch } from "../../src/azure/batch/client.ts";
import { createBatchService } from "../../src/azure/batch/service.ts";
import { readConfig } from "../../src/config.ts";
import { seededRandom, startBatchEmulator, VirtualClock } from "../../src/local/batchEmulator/index.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** From the moment that a node is billed until it takes tasks. */
const BOOT_MS = 3 * MINUTE;
const TASK_SECONDS = [45, 75] as const;

/** As slow as the real service, whose samples become visible after about a minute. */
const REALISTIC = {
  allocationMs: 30 * SECOND,
  bootMs: BOOT_MS / 2,
  startMs: BOOT_MS / 2,
  nodeLeaveMs: 30 * SECOND,
  sampleDelayMs: MINUTE,
};

interface Burst {
  readonly hour: number;
  readonly uploads: number;
}

interface Moment {
  readonly minute: number;
  /** Tasks that wait or run. */
  readonly pending: number;
  readonly nodes: number;
  /** Since midnight. */
  readonly nodeHours: number;
}

export interface PlayedDay {
  /** One for each minute, or for every ten where nothing is pending and there is no node. */
  readonly moments: readonly Moment[];
  readonly tasks: readonly BatchServiceModels.CloudTask[];
  readonly nodeHours: number;
  /**
   * What any pool pays that has no node when a burst comes: the work, with all slots busy all the time, and one boot of
   * each node that the burst can fill.
   */
  readonly idealNodeHours: number;
}

/**
 * Lets a day pass on a pool that the app makes by these settings. The pool is older than the day, and empty when it
 * begins. Its formula is evaluated three minutes after the full hour.
 */
export async function playDay(env: Readonly<Record<string, string>>, bursts: readonly Burst[]): Promise<PlayedDay> {
  const midnight = Date.UTC(2026, 0, 2);
  const clock = new VirtualClock(midnight - 22 * MINUTE);
  const emulator = await startBatchEmulator({
    clock,
    random: seededRandom(1),
    dataFolder: temporaryFolder(),
    virtualTasks: { seconds: TASK_SECONDS },
    timings: REALISTIC,
    maxNodes: 100,
  });
  onTestFinished(() => emulator.stop());
  const { batch: settings } = readConfig({
    STORAGE: "UseDevelopmentStorage=true",
    BATCH_ACCOUNT_ENDPOINT: emulator.endpoint,
    BATCH_ACCOUNT_NAME: emulator.accountName,
    BATCH_ACCOUNT_KEY: emulator.accountKey,
    ...env,
  });
  const client = connectBatch(settings);
  const { poolId, jobId } = await createBatchService(client, settings, []).ensurePoolAndJob();
  await clock.advance(midnight - clock.now());

  const moments: Moment[] = [];
  let nodeHours = 0;
  for (let minute = 0; minute < 24 * 60;) {
    for (const { hour, uploads } of bursts) if (hour * 60 === minute) await upload(client, jobId, hour, uploads);
    const { currentDedicatedNodes = 0, currentLowPriorityNodes = 0 } = await client.pool.get(poolId);
    const { active, running } = (await client.job.getTaskCounts(jobId)).taskCounts;
    const nodes = currentDedicatedNodes + currentLowPriorityNodes;
    moments.push({ minute, pending: active + running, nodes, nodeHours });
    const minutes = nodes + active + running > 0 || minute % 10 > 0 ? 1 : 10;
    nodeHours += (nodes * minutes * MINUTE) / HOUR;
    await clock.advance(minutes * MINUTE);
    minute += minutes;
  }

  const tasks = await allTasks(client, jobId);
  const slots = settings.taskSlotsPerNode;
  const maxNodes = settings.scaling.mode === "auto" ? settings.scaling.maxNodes : 0;
  const workMs = tasks.reduce((total, { executionInfo }) => {
    const { startTime, endTime } = executionInfo ?? {};
    return total + ((endTime?.getTime() ?? 0) - (startTime?.getTime() ?? 0));
  }, 0);
  const boots = bursts.reduce((total, { uploads }) => total + Math.min(maxNodes, Math.ceil(uploads / slots)), 0);
  return { moments, tasks, nodeHours, idealNodeHours: (workMs / slots + boots * BOOT_MS) / HOUR };
}

/** The moments at which something is different, one line each, for a person to read. */
export function tableOf({ moments, nodeHours, idealNodeHours }: PlayedDay): string {
  const lines = moments
    .filter(({ minute, nodes, pending }, index) => {
      const before = moments[index - 1];
      const isStep = nodes !== before?.nodes || (pending === 0) !== (before.pending === 0);
      return isStep || (pending > 0 && minute % 10 === 0);
    })
    .map(({ minute, pending, nodes, nodeHours: used }) => {
      const time = new Date(minute * MINUTE).toISOString().slice(11, 16);
      return `| ${time} | ${pending} | ${nodes} | ${used.toFixed(2)} |`;
    });
  return [
    "| time | pending | nodes | node-hours |",
    "| --- | --- | --- | --- |",
    ...lines,
    `| 24:00 | | | ${nodeHours.toFixed(2)}, ideal ${idealNodeHours.toFixed(2)}, ratio ${(nodeHours / idealNodeHours).toFixed(2)} |`,
  ].join("\n");
}

async function upload(client: BatchServiceClient, jobId: string, hour: number, uploads: number): Promise<void> {
  const tasks = Array.from({ length: uploads }, (_, i) => ({ id: `${hour}-${i}`, commandLine: "/bin/true" }));
  for (let i = 0; i < tasks.length; i += 100) await client.task.addCollection(jobId, tasks.slice(i, i + 100));
}

async function allTasks(client: BatchServiceClient, jobId: string): Promise<BatchServiceModels.CloudTask[]> {
  const tasks: BatchServiceModels.CloudTask[] = [];
  for (let page = await client.task.list(jobId); ; page = await client.task.listNext(page.odatanextLink)) {
    tasks.push(...page);
    if (!page.odatanextLink) return tasks;
  }
}
