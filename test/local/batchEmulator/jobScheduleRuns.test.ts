import { test } from "vitest";
import { copyOfData, reopen } from "./afterKill.ts";
import { startVirtualFixture } from "./emulator.ts";
import { addJobSchedule, jobsOf, MINUTE, minute } from "./jobScheduleFixture.ts";
import { raw } from "./rawHttp.ts";

test("a schedule that says nothing runs one job at once and completes with it", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();

  await addJobSchedule(client);
  const running = await client.jobSchedule.get("s");
  await clock.advance(MINUTE);
  await client.job.terminate("s:job-1");
  await clock.advance(0);
  const completed = await client.jobSchedule.get("s");

  expect(running.state).toBe("active");
  expect(running.schedule).toBeUndefined();
  expect(running.executionInfo).toEqual({ recentJob: expect.objectContaining({ id: "s:job-1" }) });
  expect(completed).toMatchObject({
    state: "completed",
    stateTransitionTime: minute(1),
    previousState: "active",
    previousStateTransitionTime: minute(0),
    eTag: running.eTag,
    executionInfo: { endTime: minute(1), recentJob: { id: "s:job-1" } },
  });
  expect(await jobsOf(client)).toEqual(["s:job-1 completed"]);
});

test("a later start is waited for, and the last job comes before doNotRunAfter", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  const states: unknown[] = [];

  await addJobSchedule(
    client,
    { doNotRunUntil: minute(10), doNotRunAfter: minute(25), recurrenceInterval: "PT10M" },
    { constraints: { maxWallClockTime: "PT2M" } },
  );
  for (let at = 0; at <= 26; at += 2) {
    const { state, executionInfo } = await client.jobSchedule.get("s");
    states.push([at, state, executionInfo?.recentJob?.id, executionInfo?.nextRunTime?.toISOString().slice(14, 16)]);
    await clock.advance(2 * MINUTE);
  }

  expect(states).toEqual([
    ...[0, 2, 4, 6, 8].map((at) => [at, "active", undefined, "10"]),
    ...[10, 12, 14, 16, 18].map((at) => [at, "active", "s:job-1", "20"]),
    ...[20, 22, 24].map((at) => [at, "active", "s:job-2", undefined]),
    [26, "completed", "s:job-2", undefined],
  ]);
  expect((await client.jobSchedule.get("s")).executionInfo?.endTime).toEqual(minute(25));
  expect(await jobsOf(client)).toEqual(["s:job-1 completed", "s:job-2 completed"]);
});

test("while a job runs, the next one waits for its end as long as the start window, and no longer", async ({
  expect,
}) => {
  const { client, clock } = await startVirtualFixture();
  const startOf = async (job: string) => (await client.job.get(job)).creationTime;
  await addJobSchedule(client, { recurrenceInterval: "PT10M", startWindow: "PT3M" });

  await clock.advance(12 * MINUTE);
  const waiting = await jobsOf(client);
  await client.job.terminate("s:job-1");
  await clock.advance(0);
  const inWindow = await startOf("s:job-2");
  await clock.advance(12 * MINUTE);
  await client.job.terminate("s:job-2");
  await clock.advance(0);
  const afterWindow = await client.jobSchedule.get("s");
  await clock.advance(6 * MINUTE);

  expect(waiting).toEqual(["s:job-1 active"]);
  expect(inWindow).toEqual(minute(12));
  expect(afterWindow.executionInfo).toMatchObject({ recentJob: { id: "s:job-2" }, nextRunTime: minute(30) });
  expect(await startOf("s:job-3")).toEqual(minute(30));
});

test("without a start window only the newest of the missed jobs is created", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addJobSchedule(client, { recurrenceInterval: "PT10M" });

  await clock.advance(35 * MINUTE);
  await client.job.deleteMethod("s:job-1");
  await clock.advance(0);

  expect(await jobsOf(client)).toEqual(["s:job-2 active"]);
  expect((await client.jobSchedule.get("s")).executionInfo?.nextRunTime).toEqual(minute(40));
});

test("a disabled schedule creates no jobs and leaves its job running; enabled, it makes up what is still open", async ({
  expect,
}) => {
  const { emulator, client, clock } = await startVirtualFixture();
  const post = async (operation: string) => {
    const { status, json } = await raw(emulator, { method: "POST", path: `/jobschedules/s/${operation}` });
    return [status, json["code"]];
  };
  await addJobSchedule(client, { recurrenceInterval: "PT10M" });

  const disabled = await post("disable");
  const again = await post("disable");
  await clock.advance(12 * MINUTE);
  const running = await jobsOf(client);
  await client.job.terminate("s:job-1");
  await clock.advance(0);
  const before = await client.jobSchedule.get("s");
  const enabled = await post("enable");
  const after = await client.jobSchedule.get("s");

  expect(disabled).toEqual([204, undefined]);
  expect(again).toEqual([409, "JobScheduleDisabled"]);
  expect(running).toEqual(["s:job-1 active"]);
  expect(before).toMatchObject({
    state: "disabled",
    previousState: "active",
    executionInfo: { recentJob: { id: "s:job-1" } },
  });
  expect(enabled).toEqual([204, undefined]);
  expect(after).toMatchObject({
    state: "active",
    previousState: "disabled",
    executionInfo: { recentJob: { id: "s:job-2" }, nextRunTime: minute(20) },
  });
  expect(after.eTag).not.toBe(before.eTag);
  expect(await post("enable")).toEqual([409, "OperationInvalidForCurrentState"]);
});

test("after the longest interval of all there is no second job, but the schedule stays active", async ({ expect }) => {
  const { client, clock, dataFolder } = await startVirtualFixture();
  await addJobSchedule(client, { recurrenceInterval: "P10675199DT2H48M5.4775807S" });
  await client.job.terminate("s:job-1");
  await clock.advance(0);

  const again = await reopen(copyOfData(dataFolder), clock.now());
  await again.clock.advance(1000 * MINUTE);

  const { state, executionInfo } = await again.client.jobSchedule.get("s");
  expect(state).toBe("active");
  expect(executionInfo?.nextRunTime).toBeUndefined();
  expect(await jobsOf(again.client)).toEqual(["s:job-1 completed"]);
});
