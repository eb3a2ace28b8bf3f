import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { addPoolAndJob, readAll, startFixture, until } from "./emulator.ts";
import { raw } from "./rawHttp.ts";

/** Adds a task to its job, waits for it and looks at what else its token allows. */
const MANAGER = `
const { AZ_BATCH_ACCOUNT_URL: url, AZ_BATCH_JOB_ID: job, AZ_BATCH_AUTHENTICATION_TOKEN: token } = process.env;
const call = (path, init) =>
  fetch(new URL(path + "?api-version=2022-10-01.16.0", url), {
    ...init,
    headers: { authorization: "Bearer " + token, "content-type": "application/json; odata=minimalmetadata" },
  });
const task = { id: "child", commandLine: "/bin/sh -c 'cat $AZ_BATCH_JOB_PREP_WORKING_DIR/prepared; echo $COMMON'" };
const added = await call("/jobs/" + job + "/tasks", { method: "POST", body: JSON.stringify(task) });
for (;;) {
  const child = await (await call("/jobs/" + job + "/tasks/child")).json();
  if (child.state === "completed") break;
}
const others = [await call("/jobs/other"), await call("/pools"), await call("/jobs")];
console.log(token);
console.log(JSON.stringify([added.status, ...others.map(({ status }) => status)]));
`;

test("a job is prepared, managed by a task with a token of its own, and released, all by real processes", async ({
  expect,
}) => {
  const folder = temporaryFolder();
  const script = join(folder, "manager.mjs");
  writeFileSync(script, MANAGER);
  const { client, emulator } = await startFixture();
  await client.job.add({ id: "other", poolInfo: { poolId: "pool" } });
  await addPoolAndJob(
    client,
    { taskSlotsPerNode: 2 },
    {
      commonEnvironmentSettings: [
        { name: "COMMON", value: "shared by all" },
        { name: "OUT", value: folder },
      ],
      jobPreparationTask: {
        commandLine: "/bin/sh -c 'echo made ready > prepared; echo ${AZ_BATCH_JOB_PREP_DIR-none} $AZ_BATCH_TASK_ID'",
      },
      jobManagerTask: {
        id: "manager",
        commandLine: `${process.execPath} ${script}`,
        runExclusive: false,
        authenticationTokenSettings: { access: ["job"] },
      },
      jobReleaseTask: {
        retentionTime: "PT0S",
        commandLine:
          "/bin/sh -c 'cat $AZ_BATCH_JOB_PREP_WORKING_DIR/prepared > $OUT/released; echo $COMMON >> $OUT/released'",
      },
    },
  );

  const job = await until(
    () => client.job.get("job"),
    ({ state }) => state === "completed",
  );

  const fileOf = async (taskId: string) =>
    readAll((await client.file.getFromTask("job", taskId, "stdout.txt")).readableStreamBody);
  expect(job.executionInfo?.terminateReason).toBe("JMComplete");
  expect(await fileOf("child")).toBe("made ready\nshared by all\n");
  const [token, statuses] = (await fileOf("manager")).split("\n");
  expect(JSON.parse(statuses ?? "")).toEqual([201, 403, 403, 403]);
  expect(readFileSync(join(folder, "released"), "utf8")).toBe("made ready\nshared by all\n");

  const [status] = await client.job.listPreparationAndReleaseTaskStatus("job");
  const prepared = await client.file.getFromComputeNode(
    "pool",
    status?.nodeId ?? "",
    `${status?.jobPreparationTaskExecutionInfo?.taskRootDirectory}/stdout.txt`,
  );
  expect(await readAll(prepared.readableStreamBody)).toBe("none jobpreparation\n");
  expect(status?.jobReleaseTaskExecutionInfo?.exitCode).toBe(0);

  const left = await until(
    () => client.file.listFromComputeNode("pool", status?.nodeId ?? "", { recursive: true }),
    (files) => !files.some(({ name }) => name === "workitems/job/job-1/jobrelease"),
  );
  expect(left.map(({ name }) => name)).toContain("workitems/job/job-1/jobpreparation/wd/prepared");

  // Its task has ended.
  const late = await raw(emulator, { path: "/jobs/job", authorization: `Bearer ${token}` });
  expect(late.status).toBe(401);
});
