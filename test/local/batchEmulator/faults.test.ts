import { test } from "vitest";
import { parseConfiguration } from "../../../src/local/batchEmulator/index.ts";
import { addPoolAndJob, refusal, startVirtualFixture } from "./emulator.ts";
import { raw } from "./rawHttp.ts";

test("one operation fails so many times and then works", async ({ expect }) => {
  const { client } = await startVirtualFixture({
    faults: { requests: [{ operation: "Job_List", status: 503, times: 2 }] },
  });

  expect(await refusal(client.job.list())).toEqual({ status: 503, code: "ServerBusy" });
  expect(await refusal(client.pool.list())).toMatchObject({ status: 0 });
  expect(await refusal(client.job.list())).toEqual({ status: 503, code: "ServerBusy" });
  expect(await refusal(client.job.list())).toMatchObject({ status: 0 });
});

test("a throttled request says when to come again", async ({ expect }) => {
  const { emulator } = await startVirtualFixture({ faults: { requests: [{ status: 429, retryAfterSeconds: 7 }] } });

  const answer = await raw(emulator, { path: "/jobs" });

  expect(answer.status).toBe(429);
  expect(answer.headers["retry-after"]).toBe("7");
  expect(answer.json["code"]).toBe("TooManyRequests");
});

test("a dropped connection has no answer at all", async ({ expect }) => {
  const { emulator } = await startVirtualFixture({ faults: { requests: [{ drop: true, times: 1 }] } });

  await expect(raw(emulator, { path: "/jobs" })).rejects.toMatchObject({ code: "ECONNRESET" });
  expect((await raw(emulator, { path: "/jobs" })).status).toBe(200);
});

test("faults by rate strike about that often, the same ones in every run", async ({ expect }) => {
  const { client, emulator } = await startVirtualFixture();
  emulator.faults.set({ requests: [{ status: 500, rate: 0.3 }] });
  let failures = 0;
  for (let i = 0; i < 100; i++) if ((await refusal(client.job.list())).status === 500) failures++;

  expect(failures).toBeGreaterThan(15);
  expect(failures).toBeLessThan(45);
});

test("a slow answer takes the time of the clock", async ({ expect }) => {
  const { emulator, clock } = await startVirtualFixture({
    faults: { requests: [{ delayMs: 10_000, operation: "Job_List" }] },
  });
  let isAnswered = false;
  const answer = raw(emulator, { path: "/jobs" }).then((result) => {
    isAnswered = true;
    return result;
  });
  await raw(emulator, { path: "/pools" });
  expect(isAnswered).toBe(false);

  while (!isAnswered) await clock.advance(10_000);

  expect((await answer).status).toBe(200);
});

test("a resize can fail with a quota error, and faults can be taken back", async ({ expect }) => {
  const { client, clock, emulator } = await startVirtualFixture({ faults: { resizes: [{ pool: "POOL" }] } });
  await addPoolAndJob(client);
  await clock.advance(0);
  const failed = await client.pool.get("pool");
  emulator.faults.set({});

  await client.pool.resize("pool", { targetDedicatedNodes: 1 });
  await clock.advance(0);

  expect(failed.resizeErrors?.[0]?.code).toBe("AccountCoreQuotaReached");
  expect(await client.pool.get("pool")).toMatchObject({ currentDedicatedNodes: 1 });
});

test.for(["preempt", "unusable"] as const)("a node can be lost under its task: %s", async (what, { expect }) => {
  const { client, clock } = await startVirtualFixture({
    faults: { nodes: [{ what, afterMs: 10_000, times: 1 }] },
    timings: { preemptedMs: 3_600_000 },
  });
  await addPoolAndJob(client, { targetDedicatedNodes: 0, targetLowPriorityNodes: 1 });
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(20_000);

  const [node] = await client.computeNode.list("pool");
  expect(node?.state).toBe(what === "preempt" ? "preempted" : "unusable");
  expect((await client.task.get("job", "task")).state).toBe("active");
});

test.for([
  ["{", "not JSON"],
  ['{"request":[]}', "request: there is no such key"],
  ['{"requests":[{"rate":2,"status":500}]}', "requests.0.rate"],
  ['{"requests":[{"rate":1}]}', "requests.0"],
  ['{"nodes":[{"what":"explode"}]}', "nodes.0.what"],
  ['{"timings":{"bootTimeMs":1}}', "timings.bootTimeMs"],
  ['{"choices":{"killedExitCode":"high"}}', "choices.killedExitCode"],
])("the faults file %s is refused and says where", ([text, place], { expect }) => {
  expect(() => parseConfiguration(text ?? "", "faults.json")).toThrow(
    expect.objectContaining({ code: "InvalidFaults", message: expect.stringContaining(place ?? "") }),
  );
});

test("a faults file may set how time passes", ({ expect }) => {
  const text = '{"clockSpeed":60,"virtualTasks":{"seconds":[1,2]},"timings":{"bootMs":1000},"seed":1}';

  expect(parseConfiguration(text, "faults.json")).toMatchObject({ clockSpeed: 60, timings: { bootMs: 1000 } });
});

test("each fault that strikes is a line of the log", async ({ expect }) => {
  const lines: string[] = [];
  const { client } = await startVirtualFixture({
    faults: { requests: [{ operation: "Job_List", status: 503, times: 1 }] },
    log: (line) => lines.push(line),
  });
  await refusal(client.job.list());
  await client.job.list();

  expect(lines.filter((line) => line.startsWith("Fault:"))).toEqual(["Fault: request answered 503 (Job_List)"]);
});
