import type { BatchServiceClient, BatchServiceModels } from "@azure/batch";
import { BlobServiceClient } from "@azure/storage-blob";
import { test } from "vitest";
import { noteNodeFailure } from "../../src/activities/noteNodeFailure.ts";
import { createNodeService } from "../../src/azure/batch/nodes.ts";
import { ensurePool } from "../../src/azure/batch/pool.ts";
import type { BatchEmulator, BatchEmulatorOptions, VirtualClock } from "../../src/local/batchEmulator/index.ts";
import { readLedger } from "../../src/nodes/ledger.ts";
import { withRepairs } from "../../src/nodes/news.ts";
import type { Services } from "../../src/services.ts";
import { tendPool } from "../../src/upkeep/tendPool.ts";
import { azuriteServices, useAzurite } from "../azuriteServices.ts";
import { addPoolAndJob, startVirtualFixture } from "../local/batchEmulator/emulator.ts";

const MINUTE = 60_000;
const FORMULA = "$TargetDedicatedNodes=2;$NodeDeallocationOption=taskcompletion;";

const AUTOSCALE = {
  targetDedicatedNodes: undefined,
  enableAutoScale: true,
  autoScaleFormula: FORMULA,
  autoScaleEvaluationInterval: "PT7M",
};

const azurite = useAzurite();

interface Fixture {
  readonly services: Services;
  readonly emulator: BatchEmulator;
  readonly client: BatchServiceClient;
  readonly clock: VirtualClock;
  /** Tends the pool, and lets five minutes pass. */
  readonly tend: () => Promise<readonly string[]>;
  readonly nodes: () => Promise<BatchServiceModels.ComputeNode[]>;
  readonly pool: () => Promise<BatchServiceModels.CloudPool>;
}

/** A pool of virtual nodes, and real storage for what is remembered of them. */
async function start(pool: object, options: Partial<BatchEmulatorOptions> = {}): Promise<Fixture> {
  const { emulator, client, clock } = await startVirtualFixture(options);
  const metadata = [{ name: "mp3drop-scaling", value: "…" }];
  await addPoolAndJob(client, { startTask: { commandLine: "prepare" }, metadata, ...pool });
  await clock.advance(2 * MINUTE);
  const { services: stored } = await azuriteServices(azurite.connectionString);
  const batch = { ...stored.config.batch, poolId: "pool" };
  const services: Services = {
    ...stored,
    config: { ...stored.config, batch },
    nodes: createNodeService(client, "pool"),
    now: () => new Date(clock.now()),
  };
  const tend = async (): Promise<readonly string[]> => {
    const done = await tendPool(services);
    await clock.advance(5 * MINUTE);
    return done;
  };
  return {
    services,
    emulator,
    client,
    clock,
    tend,
    nodes: async () => [...(await client.computeNode.list("pool"))],
    pool: () => client.pool.get("pool"),
  };
}

function ids(nodes: readonly BatchServiceModels.ComputeNode[]): string[] {
  return nodes.map(({ id = "" }) => id).toSorted();
}

test("while all nodes are well, nothing is done and nothing written", async ({ expect }) => {
  const { services, tend } = await start({ targetDedicatedNodes: 2 });

  expect(await tend()).toEqual([]);
  expect(await readLedger(services)).toEqual({ schemaVersion: 1, nodes: {}, repairs: [], removal: null });
});

test("a pool that somebody else has made is theirs to repair", async ({ expect }) => {
  const { tend, nodes } = await start({ metadata: [] }, { faults: { startTasks: [{}] } });

  expect(await tend()).toEqual([]);
  expect(await nodes()).toMatchObject([{ state: "starttaskfailed" }]);
});

test("a node that a reboot mends stays", async ({ expect }) => {
  const { tend, nodes } = await start({}, { faults: { startTasks: [{ times: 1 }] } });
  const before = await nodes();

  expect(before[0]?.state).toBe("starttaskfailed");
  expect(await tend()).toEqual([expect.stringMatching(`^Rebooted node ${before[0]?.id}: its start task failed`)]);
  expect(await nodes()).toMatchObject([{ id: before[0]?.id, state: "idle" }]);
  expect(await tend()).toEqual([]);
});

test("a node that a reboot does not mend is removed, and the fixed pool gets another in its place", async ({
  expect,
}) => {
  const { services, tend, nodes, pool } = await start(
    { targetDedicatedNodes: 1 },
    { faults: { startTasks: [{ times: 2 }] } },
  );
  const [broken] = ids(await nodes());

  await tend();
  expect(await tend()).toEqual([expect.stringMatching(`^Removed node ${broken}: its start task failed`)]);
  expect(await nodes()).toEqual([]);
  expect(await tend()).toEqual(["The pool gets 1 dedicated and 0 spot nodes again"]);
  expect(await nodes()).toMatchObject([{ state: "idle" }]);
  expect(await pool()).toMatchObject({ targetDedicatedNodes: 1, allocationState: "steady" });
  expect(await tend()).toEqual([]);
  expect((await readLedger(services)).removal).toBeNull();
});

test("a pool that somebody resizes during a removal keeps the size that they gave it", async ({ expect }) => {
  const { client, clock, tend, pool } = await start(
    { targetDedicatedNodes: 3 },
    { faults: { startTasks: [{ times: 6 }] } },
  );
  await tend();
  await tend();
  await client.pool.resize("pool", { targetDedicatedNodes: 2 });
  await clock.advance(5 * MINUTE);

  await tend();

  expect(await pool()).toMatchObject({ targetDedicatedNodes: 2, currentDedicatedNodes: 2 });
});

test("on a pool that scales by a formula, the formula rests until the broken node is gone, and is then what it was", async ({
  expect,
}) => {
  const { emulator, tend, nodes, pool } = await start(AUTOSCALE, { faults: { startTasks: [{ times: 2 }] } });
  const [one = "", other = ""] = ids(await nodes());
  await tend();
  emulator.loseNode("pool", one, "unusable");

  const log = await tend();
  const scalesAgain = async () => (await pool()).enableAutoScale === true;
  const rest: string[] = [];
  while (!(await scalesAgain())) rest.push(...(await tend()));

  expect([...log, ...rest]).toEqual([
    "The pool keeps its size while broken nodes are removed from it",
    `Removed node ${one}: it is unusable (NodeProblem: The node stopped answering: it was made unusable on purpose.)`,
    "The pool scales by its formula again",
  ]);
  expect(await pool()).toMatchObject({
    enableAutoScale: true,
    autoScaleFormula: FORMULA,
    autoScaleEvaluationInterval: "PT7M",
    currentDedicatedNodes: 2,
  });
  expect(ids(await nodes())).toContain(other);
  expect(ids(await nodes())).not.toContain(one);
  expect(await tend()).toEqual([]);
});

test("while the formula rests, nobody switches it on again: each second attempt looks whether the pool is as it should be", async ({
  expect,
}) => {
  const { services, emulator, client, clock, tend, pool, nodes } = await start({});
  const settings = { ...services.config.batch, endpoint: emulator.endpoint };
  const ensure = async (): Promise<boolean> => (await ensurePool(client, settings, [])).isSettled;
  await ensure();
  await clock.advance(MINUTE);
  await client.pool.enableAutoScale("pool", { autoScaleFormula: FORMULA });
  await clock.advance(2 * MINUTE);
  const [bad = ""] = ids(await nodes());
  emulator.loseNode("pool", bad, "unusable");
  await tend();
  emulator.loseNode("pool", bad, "unusable");

  await tend();
  expect(await ensure()).toBe(false);
  expect((await pool()).enableAutoScale).toBe(false);
  await tend();
  await ensure();
  await tend();

  expect(ids(await nodes())).not.toContain(bad);
  expect(await pool()).toMatchObject({ enableAutoScale: true, autoScaleFormula: FORMULA });
  expect(await ensure()).toBe(true);
});

test("a formula that the pool gets during a removal is the one that it has afterwards", async ({ expect }) => {
  const { emulator, client, tend, nodes, pool } = await start(AUTOSCALE);
  const [bad = ""] = ids(await nodes());
  emulator.loseNode("pool", bad, "unusable");
  await tend();
  emulator.loseNode("pool", bad, "unusable");
  const autoScaleFormula = FORMULA.replace("=2", "=3");

  await tend();
  await client.pool.enableAutoScale("pool", { autoScaleFormula });
  for (let run = 0; run < 4; run++) await tend();

  expect(ids(await nodes())).not.toContain(bad);
  expect(await pool()).toMatchObject({ enableAutoScale: true, autoScaleFormula });
});

test.for([
  ["remove", { targetDedicatedNodes: 2 }],
  ["resize", { targetDedicatedNodes: 2 }],
  ["disableScaling", AUTOSCALE],
  ["remove", AUTOSCALE],
  ["enableScaling", AUTOSCALE],
] as const)("a crash right after %s leaves a pool that is made whole again", async ([step, kind], { expect }) => {
  const { services, clock, nodes, pool } = await start(kind, { faults: { startTasks: [{ times: 3 }] } });
  let hasCrashed = false;
  const crashing: Services["nodes"] = {
    ...services.nodes,
    [step]: async (argument: never) => {
      const result = await services.nodes[step](argument);
      if (hasCrashed || result === "refused") return result;
      hasCrashed = true;
      throw new Error("The process was killed");
    },
  };

  for (let run = 0; run < 8; run++) {
    await tendPool({ ...services, nodes: crashing }).catch(() => {});
    await clock.advance(5 * MINUTE);
  }

  expect(hasCrashed).toBe(true);
  expect((await nodes()).map(({ state }) => state)).toEqual(["idle", "idle"]);
  expect(await pool()).toMatchObject({ targetDedicatedNodes: 2, enableAutoScale: kind === AUTOSCALE });
  expect((await readLedger(services)).removal).toBeNull();
});

test("a start task that fails everywhere is given up, and heals itself once it is mended", async ({ expect }) => {
  const { services, emulator, tend, nodes } = await start(
    { targetDedicatedNodes: 2 },
    { faults: { startTasks: [{}] } },
  );
  for (let run = 0; run < 20; run++) await tend();
  const { repairs } = await readLedger(services);

  const reason = { code: "StartTaskFailed", text: "the start task failed on 2 nodes" } as const;
  expect(repairs.length).toBeLessThanOrEqual(12);
  expect((await withRepairs(services, reason))?.text).toMatch(/^the start task failed on 2 nodes; repairing \d+ nodes/);
  expect((await nodes()).map(({ state }) => state)).toEqual(["starttaskfailed", "starttaskfailed"]);

  emulator.faults.set({});
  const areWell = async () => (await nodes()).every(({ state }) => state === "idle");
  for (let run = 0; run < 40 && !(await areWell()); run++) await tend();

  expect((await nodes()).map(({ state }) => state)).toEqual(["idle", "idle"]);
});

test("a node on which three videos in a row fail gets no more tasks at once, and is replaced", async ({ expect }) => {
  const { services, client, clock, tend, nodes } = await start({ targetDedicatedNodes: 1 });
  const [bad = ""] = ids(await nodes());
  const task = { poolId: "pool", jobId: "job", taskId: "task" };
  const fail = (name: string) =>
    noteNodeFailure(services, {
      task,
      nodeId: bad,
      source: { container: "input", name, eTag: "0x1" },
      code: "DiskFull",
    });
  const succeed = async (id: string): Promise<void> => {
    await client.task.add("job", { id, commandLine: "work" });
    await clock.advance(2 * MINUTE);
  };

  const isolated = [await fail("1.mp4"), await fail("2.mp4"), await succeed("good").then(() => fail("3.mp4"))];
  const inARow = [await fail("4.mp4"), await fail("4.mp4"), await fail("5.mp4")];

  expect([...isolated, ...inARow.slice(0, 2)].map(({ warning }) => warning)).toEqual([null, null, null, null, null]);
  const why = "3 videos in a row failed on it (DiskFull)";
  expect(inARow[2]?.warning).toBe(`Node ${bad} gets no more tasks and will be removed: ${why}`);
  expect(await nodes()).toMatchObject([{ id: bad, schedulingState: "disabled" }]);
  expect(await tend()).toEqual([`Removed node ${bad}: ${why}`]);
  await tend();
  expect(ids(await nodes())).not.toContain(bad);
  expect(await nodes()).toMatchObject([{ state: "idle", schedulingState: "enabled" }]);
});

test("a node that was to be removed is replaced even if what was noted of it is lost, and one that others took out of service stays", async ({
  expect,
}) => {
  const { services, client, clock, tend, nodes, pool } = await start({ targetDedicatedNodes: 2 });
  const [bad = "", theirs = ""] = ids(await nodes());
  const task = { poolId: "pool", jobId: "job", taskId: "task" };
  for (const name of ["1.mp4", "2.mp4", "3.mp4"]) {
    const source = { container: "input", name, eTag: "0x1" };
    await noteNodeFailure(services, { task, nodeId: bad, source, code: "DiskFull" });
  }
  await client.computeNode.disableScheduling("pool", theirs, { nodeDisableSchedulingOption: "requeue" });
  const account = BlobServiceClient.fromConnectionString(azurite.connectionString);
  await account.getContainerClient(services.config.containers.application).delete();
  await clock.advance(MINUTE);

  const done = [...(await tend()), ...(await tend()), ...(await tend())];

  expect(done).toEqual([
    `Removed node ${bad}: it was taken out of service, and what was noted of it is lost`,
    "The pool gets 2 dedicated and 0 spot nodes again",
  ]);
  const left = await nodes();
  expect(left.find(({ id }) => id === theirs)?.schedulingState).toBe("disabled");
  expect(left.filter(({ id }) => id !== theirs)).toMatchObject([{ state: "idle", schedulingState: "enabled" }]);
  expect((await pool()).metadata).toContainEqual({ name: "mp3drop-out-of-service", value: bad });
});

test("failures that are noted at the same time are all noted", async ({ expect }) => {
  const { services, nodes } = await start({ targetDedicatedNodes: 2 });
  const task = { poolId: "pool", jobId: "job", taskId: "task" };
  const note = (nodeId: string, name: string) =>
    noteNodeFailure(services, { task, nodeId, source: { container: "input", name, eTag: "0x1" }, code: "NodeUnfit" });
  const [one = "", other = ""] = ids(await nodes());

  await Promise.all([note(one, "1.mp4"), note(one, "2.mp4"), note(other, "3.mp4"), note(other, "4.mp4")]);

  const { nodes: noted } = await readLedger(services);
  expect(Object.values(noted).map(({ failures }) => failures.length)).toEqual([2, 2]);
});

test("a failure is not noted where nodes are not to be repaired, and a service that is down only means that it is not noted", async ({
  expect,
}) => {
  const { services, emulator, nodes } = await start({ targetDedicatedNodes: 1 });
  const [nodeId = ""] = ids(await nodes());
  const source = { container: "input", name: "1.mp4", eTag: "0x1" };
  const input = { task: { poolId: "pool", jobId: "job", taskId: "task" }, nodeId, source, code: "DiskFull" };
  const { config } = services;
  const off = { ...services, config: { ...config, batch: { ...config.batch, repairNodes: false } } };

  expect(await noteNodeFailure(off, input)).toEqual({ warning: null });
  expect(await noteNodeFailure(services, { ...input, task: { ...input.task, poolId: "other" } })).toEqual({
    warning: null,
  });
  expect((await readLedger(services)).nodes).toEqual({});
  emulator.faults.set({ requests: [{ operation: "ComputeNode_Get", status: 500 }] });
  expect((await noteNodeFailure(services, input)).warning).toMatch(/^Could not note the failure on node/);
});
