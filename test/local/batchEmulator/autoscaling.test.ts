import { test } from "vitest";
import { addPoolAndJob, IMAGE, refusal, startVirtualFixture } from "./emulator.ts";

const POOL = { id: "pool", vmSize: "standard_d2s_v3", virtualMachineConfiguration: IMAGE };
const PENDING = "$TargetDedicatedNodes=$PendingTasks.GetSample(1);";
const MINUTE = 60_000;

test("a pool with a formula is evaluated at its creation and on its interval", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await client.pool.add({
    ...POOL,
    enableAutoScale: true,
    autoScaleFormula: "$TargetDedicatedNodes=max(1,$RunningTasks);",
    autoScaleEvaluationInterval: "PT5M",
  });
  await clock.advance(MINUTE);
  const first = await client.pool.get("pool");
  await client.job.add({ id: "job", poolInfo: { poolId: "pool" } });
  await clock.advance(5 * MINUTE);
  const second = await client.pool.get("pool");

  expect(first).toMatchObject({ enableAutoScale: true, targetDedicatedNodes: 1, currentDedicatedNodes: 1 });
  expect(first.autoScaleRun?.results).toBe(
    "$TargetDedicatedNodes=1;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue",
  );
  expect(first.resizeTimeout).toBe("PT15M");
  expect(second.autoScaleRun?.timestamp.getTime()).toBe((first.autoScaleRun?.timestamp.getTime() ?? 0) + 5 * MINUTE);
});

test("the pool follows its waiting tasks, once there are samples of them", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ virtualTasks: { seconds: 3600 } });
  const formula = "$TargetDedicatedNodes=avg($PendingTasks.GetSample(TimeInterval_Minute));";
  await client.pool.add({
    ...POOL,
    enableAutoScale: true,
    autoScaleFormula: formula,
    autoScaleEvaluationInterval: "PT5M",
  });
  await client.job.add({ id: "job", poolInfo: { poolId: "pool" } });
  await client.task.addCollection(
    "job",
    ["a", "b", "c"].map((id) => ({ id, commandLine: "x" })),
  );
  const before = await client.pool.get("pool");
  await clock.advance(5 * MINUTE);
  const after = await client.pool.get("pool");

  expect(before.autoScaleRun).toMatchObject({
    results: "$TargetDedicatedNodes=0;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue",
    error: { code: "InsufficientSampleData" },
  });
  expect(before.targetDedicatedNodes).toBe(0);
  expect(after.targetDedicatedNodes).toBe(3);
});

test("enabling, evaluating and disabling", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await clock.advance(0);
  expect(await refusal(client.pool.evaluateAutoScale("pool", "x=1"))).toMatchObject({ status: 409 });

  await client.pool.enableAutoScale("pool", { autoScaleFormula: "$TargetDedicatedNodes=2;" });
  await clock.advance(0);
  const enabled = await client.pool.get("pool");
  const run = await client.pool.evaluateAutoScale("pool", "$TargetDedicatedNodes=9;x=1;");
  const failed = await client.pool.evaluateAutoScale("pool", "$TargetDedicatedNodes=avg($CPUPercent.GetSample(1));");
  const resize = await refusal(client.pool.resize("pool", { targetDedicatedNodes: 1 }));
  await client.pool.disableAutoScale("pool");
  const disabled = await client.pool.get("pool");

  expect(enabled).toMatchObject({
    enableAutoScale: true,
    currentDedicatedNodes: 2,
    autoScaleEvaluationInterval: "PT15M",
  });
  expect(run.results).toBe("$TargetDedicatedNodes=9;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue;x=1");
  expect(failed.error?.code).toBe("InsufficientSampleData");
  expect(resize.status).toBe(409);
  expect(disabled).toMatchObject({ enableAutoScale: false, targetDedicatedNodes: 2, allocationState: "resizing" });
  expect(disabled.autoScaleFormula).toBeUndefined();
});

test("a formula that cannot be evaluated is no refusal: the answer has the targets as they are, and the error", async ({
  expect,
}) => {
  const { client } = await startVirtualFixture();
  await client.pool.add({ ...POOL, enableAutoScale: true, autoScaleFormula: "$TargetDedicatedNodes=2" });

  const evaluate = (formula: string) => client.pool.evaluateAutoScale("pool", formula);

  // As the service answered when this was recorded.
  expect(await evaluate("$something_useless")).toMatchObject({
    results: "$TargetDedicatedNodes=2;$TargetLowPriorityNodes=0;$NodeDeallocationOption=requeue",
    error: {
      code: "AutoScalingFormulaEvaluationError",
      message: "The specified auto-scaling formula has evaluation error",
      values: [{ name: "Message", value: "Line 1, Col 1: Undefined symbol: something_useless" }],
    },
  });
  expect((await evaluate("x=requeue*2")).error?.code).toBe("AutoScalingFormulaEvaluationError");
  expect((await client.pool.get("pool")).targetDedicatedNodes).toBe(2);
});

test.for(["taskcompletion", "retaineddata"])(
  "a node that leaves with %s takes no new task, and stays until those that it runs have ended",
  async (option, { expect }) => {
    const { client, clock } = await startVirtualFixture({ virtualTasks: { seconds: 500 } });
    const formula = `$TargetDedicatedNodes=time()>time("2026-01-01T12:05Z")?0:1;$NodeDeallocationOption=${option};`;
    await client.pool.add({
      ...POOL,
      taskSlotsPerNode: 2,
      enableAutoScale: true,
      autoScaleFormula: formula,
      autoScaleEvaluationInterval: "PT7M",
    });
    await client.job.add({ id: "job", poolInfo: { poolId: "pool" } });
    await client.task.add("job", { id: "running", commandLine: "x" });
    await clock.advance(7.5 * MINUTE);
    await client.task.add("job", { id: "waiting", commandLine: "x" });
    await clock.advance(0.5 * MINUTE);
    const leaving = await client.pool.get("pool");
    const running = await client.task.get("job", "running");
    await clock.advance(2 * MINUTE);
    const left = await client.pool.get("pool");
    const ended = await client.task.get("job", "running");

    expect(leaving).toMatchObject({
      targetDedicatedNodes: 0,
      currentDedicatedNodes: 1,
      allocationState: "resizing",
    });
    expect(running.state).toBe("running");
    expect(left.currentDedicatedNodes).toBe(0);
    expect(ended).toMatchObject({ state: "completed", executionInfo: { exitCode: 0, requeueCount: 0 } });
    expect((await client.task.get("job", "waiting")).state).toBe("active");
  },
);

test("a formula that cannot be read is refused, and enabling twice within 30 seconds too", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await clock.advance(0);
  const enable = (autoScaleFormula: string) => client.pool.enableAutoScale("pool", { autoScaleFormula });

  expect(await refusal(enable("nonsense"))).toEqual({ status: 400, code: "AutoScalingFormulaSyntaxError" });
  expect(await refusal(enable(`x=1;//${"x".repeat(8192)}`))).toEqual({ status: 400, code: "AutoScaleFormulaTooLong" });
  await enable("$TargetDedicatedNodes=1;");
  expect(await refusal(enable(PENDING))).toEqual({ status: 503, code: "TooManyEnableAutoScaleRequests" });
  await clock.advance(30_000);
  expect(await refusal(enable(PENDING))).toEqual({ status: 0, code: "not refused" });
});
