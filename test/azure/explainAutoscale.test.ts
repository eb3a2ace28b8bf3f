import { test } from "vitest";
import { explainAutoscale } from "../../src/azure/batch/explainAutoscale.ts";
import { startVirtualFixture, IMAGE } from "../local/batchEmulator/emulator.ts";

const POOL = { id: "pool", vmSize: "standard_d2s_v3", virtualMachineConfiguration: IMAGE };

test.for([
  ["$TargetDedicatedNodes=1", undefined],
  ["$TargetDedicatedNodes=0", "autoscale has not asked for a node yet; it looks every 5 minutes"],
  [
    "$TargetDedicatedNodes=max($PendingTasks.GetSample(1))",
    "autoscale has no measurements of the queue yet; it looks every 5 minutes",
  ],
  [
    "$TargetDedicatedNodes=nodes",
    "the autoscale formula failed: AutoScalingFormulaEvaluationError: The specified auto-scaling formula has evaluation " +
      "error: Line 1, Col 23: Undefined symbol: nodes; the pool stays as it is",
  ],
] as const)("a pool with the formula %s", async ([autoScaleFormula, words], { expect }) => {
  const { client } = await startVirtualFixture();
  await client.pool.add({ ...POOL, enableAutoScale: true, autoScaleFormula, autoScaleEvaluationInterval: "PT5M" });

  expect(explainAutoscale(await client.pool.get("pool"))).toBe(words);
});

test("autoscale has nothing to do with a pool of a fixed size", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  await client.pool.add({ ...POOL, targetDedicatedNodes: 0 });

  expect(explainAutoscale(await client.pool.get("pool"))).toBeUndefined();
});

test("the interval is the pool's own, whoever made it", ({ expect }) => {
  const words = (autoScaleEvaluationInterval?: string) =>
    explainAutoscale({ enableAutoScale: true, ...(autoScaleEvaluationInterval && { autoScaleEvaluationInterval }) });

  expect(words()).toMatch(/every 15 minutes$/);
  expect(words("PT1H30M")).toMatch(/every 90 minutes$/);
  expect(words("P1D")).toMatch(/every P1D$/);
});
