import type { BatchServiceModels } from "@azure/batch";
import { test } from "vitest";
import { copyOfData, reopen } from "./afterKill.ts";
import { IMAGE, startVirtualFixture } from "./emulator.ts";
import type { Fixture } from "./emulator.ts";

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1, 12);
const POOL = { vmSize: "Standard_D2s_v3", virtualMachineConfiguration: IMAGE, targetDedicatedNodes: 1 };

/** A schedule every ten minutes, of whose jobs each lasts a minute and has a pool made for it. */
function specification(
  poolLifetimeOption: "job" | "jobschedule",
  automatic: object = {},
): BatchServiceModels.JobSpecification {
  return {
    poolInfo: { autoPoolSpecification: { poolLifetimeOption, pool: POOL, ...automatic } },
    constraints: { maxWallClockTime: "PT1M" },
  };
}

async function add({ client }: Fixture, jobSpecification: BatchServiceModels.JobSpecification) {
  await client.jobSchedule.add({ id: "s", schedule: { recurrenceInterval: "PT10M" }, jobSpecification });
}

async function poolIds({ client }: Fixture): Promise<(string | undefined)[]> {
  return (await client.pool.list()).filter(({ state }) => state === "active").map(({ id }) => id);
}

async function poolOf({ client }: Fixture, job: string): Promise<string | undefined> {
  return (await client.job.get(job)).executionInfo?.poolId;
}

test("with the lifetime of a job each job has a pool of its own", async ({ expect }) => {
  const fixture = await startVirtualFixture();
  await add(fixture, specification("job"));

  const first = await poolIds(fixture);
  await fixture.clock.advance(5 * MINUTE);
  const between = await poolIds(fixture);
  await fixture.clock.advance(5 * MINUTE);
  const second = await poolIds(fixture);

  expect(first).toEqual([await poolOf(fixture, "s:job-1")]);
  expect(between).toEqual([]);
  expect(second).toEqual([await poolOf(fixture, "s:job-2")]);
  expect(second).not.toEqual(first);
});

test("with the lifetime of the schedule its jobs share a pool, which goes with the schedule", async ({ expect }) => {
  const fixture = await startVirtualFixture();
  await add(fixture, specification("jobschedule"));

  const first = await poolIds(fixture);
  await fixture.clock.advance(15 * MINUTE);
  const second = await poolIds(fixture);
  const pools = [await poolOf(fixture, "s:job-1"), await poolOf(fixture, "s:job-2")];
  await fixture.client.jobSchedule.terminate("s");
  await fixture.clock.advance(0);

  expect(second).toEqual(first);
  expect(pools).toEqual([...first, ...first]);
  expect((await fixture.client.jobSchedule.get("s")).state).toBe("completed");
  expect(await poolIds(fixture)).toEqual([]);
});

test("with keepAlive the pool outlives the schedule", async ({ expect }) => {
  const fixture = await startVirtualFixture();
  await add(fixture, specification("jobschedule", { keepAlive: true }));

  await fixture.client.jobSchedule.deleteMethod("s");
  await fixture.clock.advance(MINUTE);

  expect(await fixture.client.jobSchedule.list()).toHaveLength(0);
  expect(await poolIds(fixture)).toHaveLength(1);
});

test("another pool in the specification is made for the next job, and the first goes once its job has ended", async ({
  expect,
}) => {
  const fixture = await startVirtualFixture();
  const { client, clock } = fixture;
  await add(fixture, specification("jobschedule"));
  const first = await poolIds(fixture);

  await client.jobSchedule.patch("s", {
    jobSpecification: specification("jobschedule", { pool: { ...POOL, taskSlotsPerNode: 2 } }),
  });
  const whileRunning = await poolIds(fixture);
  await clock.advance(5 * MINUTE);
  const between = await poolIds(fixture);
  await clock.advance(5 * MINUTE);
  const second = await poolIds(fixture);

  expect(whileRunning).toEqual(first);
  expect(between).toEqual([]);
  expect(second).toEqual([await poolOf(fixture, "s:job-2")]);
  expect((await client.pool.get(second[0] ?? "")).taskSlotsPerNode).toBe(2);
});

test("a pool that somebody has deleted is made anew for the next job", async ({ expect }) => {
  const fixture = await startVirtualFixture();
  await add(fixture, specification("jobschedule"));
  const [first = ""] = await poolIds(fixture);

  await fixture.client.pool.deleteMethod(first);
  await fixture.clock.advance(10 * MINUTE);

  expect(await poolIds(fixture)).toEqual([await poolOf(fixture, "s:job-2")]);
});

test("where the pools cannot be made, every job says why and the schedule goes on", async ({ expect }) => {
  const fixture = await startVirtualFixture();
  const { client, clock } = fixture;
  const pool = { ...POOL, applicationPackageReferences: [{ applicationId: "blender" }] };

  await add(fixture, specification("jobschedule", { pool }));
  await clock.advance(10 * MINUTE);
  const jobs = await client.job.listFromJobSchedule("s");

  expect(jobs.map(({ state, executionInfo }) => [state, executionInfo?.schedulingError?.code])).toEqual(
    Array.from({ length: 2 }, () => ["completed", "InvalidApplicationPackageReferencesInAutoPool"]),
  );
  expect((await client.jobSchedule.get("s")).state).toBe("active");
  expect(await poolIds(fixture)).toEqual([]);
});

test("after a kill a schedule goes on: a missed job is made up while its window is open, and skipped after", async ({
  expect,
}) => {
  const fixture = await startVirtualFixture();
  const { client, clock, dataFolder } = fixture;
  await client.jobSchedule.add({
    id: "s",
    schedule: { recurrenceInterval: "PT10M", startWindow: "PT3M" },
    jobSpecification: specification("jobschedule"),
  });
  await clock.advance(5 * MINUTE);
  const before = await client.jobSchedule.get("s");
  const minute = (minutes: number) => START + minutes * MINUTE;
  const after = async (minutes: number) => {
    const again = await reopen(copyOfData(dataFolder), minute(minutes));
    const { executionInfo, ...schedule } = await again.client.jobSchedule.get("s");
    const { recentJob, nextRunTime } = executionInfo ?? {};
    return { ...again, schedule, seen: [recentJob?.id, nextRunTime?.getTime()], pools: await poolIds(again) };
  };

  const early = await after(9);
  const made = await after(32);
  const skipped = await after(34);
  await early.clock.advance(MINUTE);

  expect(early.schedule).toMatchObject({ state: "active", eTag: before.eTag, creationTime: before.creationTime });
  expect(early.seen).toEqual(["s:job-1", minute(10)]);
  expect(made.seen).toEqual(["s:job-2", minute(40)]);
  expect(skipped.seen).toEqual(["s:job-1", minute(40)]);
  expect([early.pools, made.pools, skipped.pools]).toEqual(Array.from({ length: 3 }, () => early.pools));
  expect((await early.client.job.get("s:job-2")).state).toBe("active");
});

test("a schedule that was being deleted or terminated at a kill goes on with that", async ({ expect }) => {
  const fixture = await startVirtualFixture({ timings: { jobDeleteMs: MINUTE, jobTerminateMs: MINUTE } });
  const { client, dataFolder } = fixture;
  for (const id of ["deleted", "terminated"]) {
    await client.jobSchedule.add({ id, schedule: {}, jobSpecification: specification("jobschedule") });
  }
  await client.jobSchedule.deleteMethod("deleted");
  await client.jobSchedule.terminate("terminated");

  const again = await reopen(copyOfData(dataFolder));
  await again.clock.advance(3 * MINUTE);

  expect((await again.client.jobSchedule.list()).map(({ id, state }) => [id, state])).toEqual([
    ["terminated", "completed"],
  ]);
  expect((await again.client.job.list()).map(({ id }) => id)).toEqual(["terminated:job-1"]);
  expect(await poolIds(again)).toEqual([]);
});
