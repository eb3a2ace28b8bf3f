import type { BatchServiceModels } from "@azure/batch";
import { test } from "vitest";
import { IMAGE, refusal, startVirtualFixture } from "./emulator.ts";
import type { Fixture } from "./emulator.ts";
import { addJobSchedule, jobsOf, MINUTE, minute, SPECIFICATION } from "./jobScheduleFixture.ts";
import { raw } from "./rawHttp.ts";

function addPool(client: Fixture["client"]) {
  const machine = { vmSize: "Standard_D2s_v3", virtualMachineConfiguration: IMAGE };
  return client.pool.add({ id: "pool", ...machine, targetDedicatedNodes: 1 });
}

test("a new schedule shows what the service shows, and its first job is there at once", async ({ expect }) => {
  const { emulator, client } = await startVirtualFixture();
  const url = emulator.endpoint;
  const schedule = { startWindow: "PT01H00M00S", recurrenceInterval: "P1DT00H00M00S" };
  const jobSpecification = {
    ...SPECIFICATION,
    constraints: { maxTaskRetryCount: 2 },
    metadata: [{ name: "a", value: "b" }],
  };

  const added = await raw(emulator, {
    method: "POST",
    path: "/jobschedules",
    body: { id: "Nightly", displayName: "every night", schedule, jobSpecification },
  });
  const { json, headers } = await raw(emulator, { path: "/jobschedules/nightly" });
  const job = await client.job.get("Nightly:job-1");

  expect(added).toMatchObject({
    status: 201,
    headers: { location: `${url}/jobschedules/Nightly`, dataserviceid: `${url}/jobschedules/Nightly` },
  });
  expect(json).toEqual({
    "odata.metadata": `${url}/$metadata#jobschedules/@Element`,
    id: "Nightly",
    displayName: "every night",
    url: `${url}/jobschedules/Nightly`,
    eTag: added.headers.etag,
    lastModified: "2026-01-01T12:00:00Z",
    creationTime: "2026-01-01T12:00:00Z",
    state: "active",
    stateTransitionTime: "2026-01-01T12:00:00Z",
    schedule: { startWindow: "PT1H", recurrenceInterval: "P1D" },
    jobSpecification: {
      priority: 0,
      maxParallelTasks: -1,
      allowTaskPreemption: false,
      usesTaskDependencies: false,
      onAllTasksComplete: "noaction",
      onTaskFailure: "noaction",
      constraints: { maxWallClockTime: "P10675199DT2H48M5.4775807S", maxTaskRetryCount: 2 },
      poolInfo: { poolId: "pool" },
      metadata: [{ name: "a", value: "b" }],
    },
    executionInfo: {
      nextRunTime: "2026-01-02T12:00:00Z",
      recentJob: { url: `${url}/jobs/Nightly:job-1`, id: "Nightly:job-1" },
    },
  });
  expect(headers.etag).toBe(added.headers.etag);
  expect(job).toMatchObject({
    state: "active",
    constraints: { maxTaskRetryCount: 2 },
    metadata: [{ name: "a", value: "b" }],
    executionInfo: { poolId: "pool" },
  });
});

test("terminating a schedule terminates its job, and then it is completed", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ timings: { jobTerminateMs: 1000 } });
  await addJobSchedule(client, { recurrenceInterval: "PT10M" });

  await client.jobSchedule.terminate("s");
  const terminating = await client.jobSchedule.get("s");
  const refused = await refusal(client.jobSchedule.enable("s"));
  await clock.advance(MINUTE);
  const completed = await client.jobSchedule.get("s");

  expect(terminating.state).toBe("terminating");
  expect(refused).toEqual({ status: 409, code: "JobScheduleBeingTerminated" });
  expect(completed).toMatchObject({ state: "completed", previousState: "active", eTag: terminating.eTag });
  expect(completed.executionInfo?.nextRunTime).toBeUndefined();
  expect((await client.job.get("s:job-1")).executionInfo?.terminateReason).toBe("TerminateWorkitem");
  for (const change of [
    client.jobSchedule.terminate("s"),
    client.jobSchedule.disable("s"),
    client.jobSchedule.patch("s", { metadata: [] }),
  ]) {
    expect(await refusal(change)).toEqual({ status: 409, code: "JobScheduleCompleted" });
  }
});

test("deleting a schedule deletes its jobs and then the schedule", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ timings: { jobDeleteMs: 1000 } });
  await addJobSchedule(client, { recurrenceInterval: "PT10M" });
  await client.job.terminate("s:job-1");
  await clock.advance(10 * MINUTE);
  const before = await client.jobSchedule.get("s");
  const jobs = await jobsOf(client);

  await client.jobSchedule.deleteMethod("s");
  const deleting = await client.jobSchedule.get("s");
  const deletingJobs = await jobsOf(client);
  const refused = [
    await refusal(client.jobSchedule.deleteMethod("s")),
    await refusal(addJobSchedule(client)),
    await refusal(client.jobSchedule.terminate("s")),
  ];
  await clock.advance(MINUTE);

  expect(jobs).toEqual(["s:job-1 completed", "s:job-2 active"]);
  expect(deleting).toMatchObject({ state: "deleting", previousState: "active", eTag: before.eTag });
  expect(deletingJobs).toEqual(["s:job-1 deleting", "s:job-2 deleting"]);
  expect(refused).toEqual(Array.from({ length: 3 }, () => ({ status: 409, code: "JobScheduleBeingDeleted" })));
  expect(await client.jobSchedule.list()).toHaveLength(0);
  expect(await client.job.list()).toHaveLength(0);
  expect(await refusal(client.jobSchedule.get("s"))).toEqual({ status: 404, code: "JobScheduleNotFound" });
  expect((await client.jobSchedule.exists("s")).body).toBe(false);
});

test("a schedule that is ended or deleted by force does not wait for the releases of its jobs", async ({ expect }) => {
  const { emulator, client, clock } = await startVirtualFixture();
  const force = (method: string, path: string) =>
    raw(emulator, { method, path: `/jobschedules/${path}?force=true&api-version=2024-07-01.20.0` });
  await addPool(client);
  for (const id of ["ended", "deleted", "waiting"]) {
    const tasks = { jobPreparationTask: { commandLine: "prepare" }, jobReleaseTask: { commandLine: "release" } };
    await client.jobSchedule.add({ id, jobSpecification: { ...SPECIFICATION, ...tasks }, schedule: {} });
    await client.task.add(`${id}:job-1`, { id: "task", commandLine: "work" });
  }
  await clock.advance(10 * MINUTE);

  await force("POST", "ended/terminate");
  await force("DELETE", "deleted");
  await client.jobSchedule.terminate("waiting");
  await clock.advance(1000);

  expect((await client.jobSchedule.list()).map(({ id, state }) => [id, state])).toEqual([
    ["ended", "completed"],
    ["waiting", "terminating"],
  ]);
});

test("a change applies to the jobs that are created after it", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  const specification = { ...SPECIFICATION, priority: 7 };
  await client.jobSchedule.add({
    id: "s",
    schedule: { recurrenceInterval: "PT10M" },
    jobSpecification: SPECIFICATION,
    metadata: [{ name: "a", value: "b" }],
  });

  await client.jobSchedule.patch("s", { jobSpecification: specification });
  const patched = await client.jobSchedule.get("s");
  await client.jobSchedule.update("s", {
    schedule: { recurrenceInterval: "PT5M" },
    jobSpecification: specification,
  });
  const updated = await client.jobSchedule.get("s");
  await client.job.terminate("s:job-1");
  await clock.advance(5 * MINUTE);

  expect(patched).toMatchObject({
    schedule: { recurrenceInterval: "PT10M" },
    jobSpecification: { priority: 7 },
    metadata: [{ name: "a", value: "b" }],
    executionInfo: { nextRunTime: minute(10) },
  });
  expect(updated.metadata).toBeUndefined();
  expect(updated.executionInfo?.nextRunTime).toEqual(minute(5));
  expect((await client.job.get("s:job-1")).priority).toBe(0);
  expect((await client.job.get("s:job-2")).priority).toBe(7);
});

test("a schedule and a job cannot have the same id, and what a schedule says is checked", async ({ expect }) => {
  const { emulator, client } = await startVirtualFixture();
  const body = { id: "t", schedule: {}, jobSpecification: SPECIFICATION };
  const code = async (changed: object) => {
    const { json } = await raw(emulator, { method: "POST", path: "/jobschedules", body: { ...body, ...changed } });
    const values = json["values"] as { key: string; value: string }[] | undefined;
    return [json["code"], values?.find(({ key }) => key === "PropertyName")?.value];
  };
  await client.job.add({ id: "job", ...SPECIFICATION });
  await addJobSchedule(client);

  expect(await refusal(addJobSchedule(client))).toEqual({ status: 409, code: "JobScheduleExists" });
  expect(await refusal(client.job.add({ id: "S", ...SPECIFICATION }))).toEqual({
    status: 409,
    code: "JobScheduleWithSameIdExists",
  });
  expect(await code({ id: "Job" })).toEqual(["JobWithSameIdExists", undefined]);
  expect(await code({ id: "a:b" })).toEqual(["InvalidPropertyValue", "id"]);
  expect(await code({ id: "x".repeat(65) })).toEqual(["InvalidPropertyValue", "id"]);
  expect(await code({ jobSpecification: {} })).toEqual(["MissingRequiredProperty", "jobSpecification.poolInfo"]);
  for (const [name, value] of [
    ["startWindow", "PT59S"],
    ["recurrenceInterval", "PT59S"],
    ["doNotRunUntil", "tomorrow"],
  ] as const) {
    expect(await code({ schedule: { [name]: value } })).toEqual(["InvalidPropertyValue", `schedule.${name}`]);
  }
});

test("schedules are listed with filter, selection, counts and paging, and answer conditional headers", async ({
  expect,
}) => {
  const { emulator, client, clock } = await startVirtualFixture();
  for (const id of ["a", "b", "c"]) {
    const schedule = id === "b" ? { doNotRunUntil: minute(5) } : {};
    await client.jobSchedule.add({ id, schedule, jobSpecification: SPECIFICATION });
  }
  await addPool(client);
  await client.task.add("a:job-1", { id: "task", commandLine: "work" });
  await clock.advance(MINUTE);
  const task = await client.task.get("a:job-1", "task");
  const list = (options: BatchServiceModels.JobScheduleListOptions) =>
    client.jobSchedule.list({ jobScheduleListOptions: options });
  const { eTag = "" } = await client.jobSchedule.get("a");

  const later = await list({ filter: "schedule/doNotRunUntil gt datetime'2026-01-01T12:04:00Z'", select: "id" });
  const page = await list({ maxResults: 2 });
  const rest = await client.jobSchedule.listNext(page.odatanextLink ?? "");
  const counted = await client.jobSchedule.get("a", { jobScheduleGetOptions: { expand: "stats" } });
  const head = await raw(emulator, { method: "HEAD", path: "/jobschedules/a" });
  const known = await raw(emulator, { path: "/jobschedules/a", headers: { "if-none-match": eTag } });

  expect(task.nodeInfo?.taskRootDirectory).toBe("workitems/a/job-1/task");
  expect(later.map((schedule) => ({ ...schedule }))).toEqual([{ id: "b" }]);
  expect([...page, ...rest].map(({ id }) => id)).toEqual(["a", "b", "c"]);
  expect(counted.stats).toMatchObject({ numSucceededTasks: 1, numFailedTasks: 0 });
  expect([head.status, head.headers.etag]).toEqual([200, eTag]);
  expect(known.status).toBe(304);
  expect(await refusal(client.jobSchedule.disable("a", { jobScheduleDisableOptions: { ifMatch: "0x1" } }))).toEqual({
    status: 412,
    code: "ConditionNotMet",
  });
  expect(await client.jobSchedule.exists("A")).toMatchObject({ body: true });
});

test("where changes are throttled, a patch right after another change is answered with 429", async ({ expect }) => {
  const { emulator, client, clock } = await startVirtualFixture({ choices: { jobChangePauseSeconds: 30 } });
  const patch = () => raw(emulator, { method: "PATCH", path: "/jobschedules/s", body: { metadata: [] } });
  await addJobSchedule(client);
  await client.jobSchedule.disable("s");

  const { status, headers, json } = await patch();
  await clock.advance(30_000);

  expect([status, headers["retry-after"], json["code"]]).toEqual([429, "30", "TooManyRequests"]);
  expect((await patch()).status).toBe(200);
});
