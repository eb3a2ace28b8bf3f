import type { OrchestrationContext, Task } from "durable-functions";
import { onTestFinished, test } from "vitest";
import { readHubFaults } from "../../../../src/local/functionsHost/durable/hubFaults.ts";
import { createDurableApi } from "../../../../src/local/functionsHost/http/durableApi.ts";
import { START_TIME, openTestHub } from "./testHub.ts";

test("without FUNCTIONS_HOST_FAULTS the hub runs by the real clock and without faults", ({ expect }) => {
  const { clock, ...others } = readHubFaults("");
  const [before, now, after] = [Date.now(), clock.now(), Date.now()];

  expect([before, now, after]).toEqual([before, now, after].toSorted((a, b) => a - b));
  expect(others).toEqual({});
});

test("a virtual clock jumps to the next timer as soon as nothing else is left to do", ({ expect }) => {
  const { clock, onIdle } = readHubFaults('{"virtualClock":true}');
  const dueAt = clock.now() + 3_600_000;
  const firedAt: number[] = [];
  clock.at(dueAt, () => firedAt.push(clock.now()));

  onIdle?.();

  expect(firedAt).toEqual([dueAt]);
});

function* callWork(context: OrchestrationContext): Generator<Task, unknown, unknown> {
  return yield context.df.callActivity("work", {});
}

/** A hub whose activity hangs in its first run until `release` is called, and gives the number of the run. */
async function startSlowActivity() {
  const starts: (() => void)[] = [];
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let runs = 0;
  const work = async (): Promise<number> => {
    const run = ++runs;
    starts.shift()?.();
    if (run === 1) await released;
    return run;
  };
  const started = [1, 2].map(() => new Promise<void>((resolve) => starts.push(resolve)));
  const hub = openTestHub({
    orchestrations: { callWork },
    activities: { work },
    faults: { redeliverActivitiesAfterMs: 500 },
  });
  onTestFinished(hub.close);
  hub.start("a", "callWork");
  await started[0];
  return { hub, started, release };
}

test("a slow activity runs again beside its first run, and the first answer counts", async ({ expect }) => {
  const { hub, started, release } = await startSlowActivity();

  await hub.clock.advance(500);
  await started[1];
  while (hub.instance("a").status !== "Completed") await hub.clock.advance(0);
  const output = hub.output("a");
  release();
  await hub.settle();

  expect([output, hub.output("a")]).toEqual([2, 2]);
  expect(hub.log.filter((line) => line.includes("Fault"))).toEqual([
    "warning: Fault: activity work runs twice at once (a)",
    "warning: Fault: activity work was overtaken by its second run (a)",
  ]);
});

test("an activity that ends in time is not run beside itself", async ({ expect }) => {
  const { hub, release } = await startSlowActivity();

  await hub.clock.advance(499);
  release();
  await hub.settle();

  expect(hub.output("a")).toBe(1);
  expect(hub.log.filter((line) => line.includes("Fault"))).toEqual([]);
});

test("the status of one instance is unreachable for the first time after its start, and only that", async ({
  expect,
}) => {
  const hub = openTestHub({ orchestrations: { callWork }, activities: { work: () => 1 } });
  onTestFinished(hub.close);
  for (const id of ["a", "b"]) hub.start(id, "callWork");
  await hub.settle();
  const ask = async (id: string, seconds: number): Promise<number> => {
    const unreachableStatus = { instance: 2, seconds, answer: "500" } as const;
    const address = () => ({ webhookUrl: "http://host", rpcUrl: "http://host/", hubName: "hub", systemKey: "key" });
    return (await createDurableApi(hub.hub, address, { unreachableStatus }).request(`/instances/${id}`)).status;
  };
  // The test hub's clock stands at a time that is long past.
  const long = (Date.now() - START_TIME) / 1000 + 3600;

  expect([await ask("a", long), await ask("b", long), await ask("b", 1)]).toEqual([200, 500, 200]);
});

test.for([
  ["{deliverTwice}", "it: Invalid JSON"],
  ['{"deliverTwise":true}', "deliverTwise: Invalid key"],
  ['{"crash":{"when":"during","commit":1}}', "crash.when: Invalid type"],
])("%s is refused with what is wrong with it", ([text, problem], { expect }) => {
  expect(() => readHubFaults(text)).toThrow(`FUNCTIONS_HOST_FAULTS is not valid: ${problem}`);
});
