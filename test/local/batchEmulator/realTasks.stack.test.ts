import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { temporaryFolder } from "../temporaryFolder.ts";
import { addPoolAndJob, IMAGE, readAll, refusal, startFixture, taskCompleted, until } from "./emulator.ts";
import type { Fixture } from "./emulator.ts";
import { raw } from "./rawHttp.ts";

async function startWithPool(): Promise<Fixture> {
  const fixture = await startFixture();
  await addPoolAndJob(fixture.client);
  return fixture;
}

async function run(client: Fixture["client"], commandLine: string) {
  await client.task.add("job", { id: "task", commandLine });
  return taskCompleted(client);
}

async function textOf(client: Fixture["client"], path: string, range?: string): Promise<string> {
  const options = range === undefined ? {} : { fileGetFromTaskOptions: { ocpRange: range } };
  const file = await client.file.getFromTask("job", "task", path, options);
  return readAll(file.readableStreamBody);
}

test("a task runs as a process with the environment of the service and none of the emulator's own", async ({
  expect,
}) => {
  process.env["LEAK"] = "leaked";
  const { client } = await startWithPool();
  const environmentSettings = [{ name: "GREETING", value: "hello world" }];

  await client.task.add("job", { id: "task", commandLine: "/usr/bin/env", environmentSettings });
  const task = await taskCompleted(client);
  delete process.env["LEAK"];
  const output = await textOf(client, "stdout.txt");

  expect(task.executionInfo).toMatchObject({ exitCode: 0, result: "success" });
  expect(output).toContain("GREETING=hello world\n");
  expect(output).toContain("AZ_BATCH_TASK_ID=task\n");
  expect(output).toContain("AZ_BATCH_NODE_IS_DEDICATED=true\n");
  const names = output.match(/^\w+(?==)/gm) ?? [];
  expect(names.filter((name) => !name.startsWith("AZ_BATCH_")).toSorted()).toEqual([
    "GREETING",
    "HOME",
    "LANG",
    "PATH",
  ]);
});

test("a command line is not a shell script: variables, pipes and redirections are plain words", async ({ expect }) => {
  const { client } = await startWithPool();

  await run(client, "/bin/echo $HOME | wc > x && * `id`");

  expect(await textOf(client, "stdout.txt")).toBe("$HOME | wc > x && * `id`\n");
});

test("a program that does not exist fails the task without an exit code", async ({ expect }) => {
  const { client } = await startWithPool();

  const { executionInfo } = await run(client, "no-such-program --help");

  expect(executionInfo).toMatchObject({
    result: "failure",
    failureInfo: { category: "UserError", code: "CommandProgramNotFound" },
  });
  expect(executionInfo?.exitCode).toBeUndefined();
});

test("the exit code and both outputs of a command are kept", async ({ expect }) => {
  const { client } = await startWithPool();

  const { executionInfo } = await run(client, "/bin/sh -c 'echo out; echo err >&2; exit 42'");

  expect(executionInfo?.exitCode).toBe(42);
  expect(await textOf(client, "stdout.txt")).toBe("out\n");
  expect(await textOf(client, "stderr.txt")).toBe("err\n");
});

test("a part of a file is a 200 with just that part, even beyond its end", async ({ expect }) => {
  const { client } = await startWithPool();
  await run(client, "/bin/echo 0123456789");

  expect(await textOf(client, "stdout.txt", "bytes=2-4")).toBe("234");
  expect(await textOf(client, "stdout.txt", "bytes=8-100")).toBe("89\n");
  expect(await textOf(client, "stdout.txt", "bytes=4-")).toBe("456789\n");
  expect(await textOf(client, "stderr.txt", "bytes=0-99")).toBe("");
  expect((await refusal(textOf(client, "stdout.txt", "bytes=99-100"))).status).toBe(416);
  expect((await refusal(textOf(client, "stdout.txt", "first half"))).status).toBe(400);
});

test("files are described by headers and by lists, folders without properties", async ({ expect }) => {
  const { client, emulator } = await startWithPool();
  await run(client, '/bin/sh -c \'mkdir "a b"; echo hello > "a b/c#1.txt"\'');

  const head = await client.file.getPropertiesFromTask("job", "task", "wd/a b/c#1.txt");
  const flat = await client.file.listFromTask("job", "task");
  const deep = await client.file.listFromTask("job", "task", {
    recursive: true,
    fileListFromTaskOptions: { filter: "startswith(name,'wd/')" },
  });
  const onWire = await raw(emulator, { path: "/jobs/job/tasks/task/files?recursive=true" });

  expect(head).toMatchObject({ contentLength: 6, contentType: "text/plain", ocpBatchFileIsdirectory: "False" });
  expect(flat.map((file) => String(file.name)).toSorted()).toEqual(["stderr.txt", "stdout.txt", "wd"]);
  expect(deep.map(({ name, isDirectory }) => [name, isDirectory])).toEqual([
    ["wd/a b", true],
    ["wd/a b/c#1.txt", false],
  ]);
  expect(onWire.text).toContain('"contentLength":"6"');
  expect(deep[0]?.properties).toBeUndefined();
});

test.for(["../../../../journal.jsonl", "wd/../../../x", "/etc/passwd", "wd/link"])(
  "the path %s leads nowhere",
  async (path, { expect }) => {
    const { client } = await startWithPool();
    await run(client, "/bin/ln -s /etc/passwd link");

    expect(await refusal(client.file.getFromTask("job", "task", path))).toMatchObject({ status: 404 });
  },
);

test("a file can be deleted, a folder only with what is in it", async ({ expect }) => {
  const { client } = await startWithPool();
  await run(client, "/bin/sh -c 'mkdir d; echo x > d/f'");

  expect((await refusal(client.file.deleteFromTask("job", "task", "wd/d"))).status).toBe(409);
  await client.file.deleteFromTask("job", "task", "wd/d", { recursive: true });

  expect((await refusal(client.file.getPropertiesFromTask("job", "task", "wd/d/f"))).status).toBe(404);
});

test("the node shows the folders of the service, the start task's among them", async ({ expect }) => {
  const { client } = await startFixture();
  await addPoolAndJob(client, { startTask: { commandLine: "/bin/sh -c 'echo $AZ_BATCH_NODE_STARTUP_DIR; pwd'" } });
  const [node] = await until(
    () => client.computeNode.list("pool"),
    (nodes) => nodes[0]?.state === "idle",
  );

  const files = await client.file.listFromComputeNode("pool", node?.id ?? "");
  const output = await client.file.getFromComputeNode("pool", node?.id ?? "", "startup/stdout.txt");
  const head = await client.file.getPropertiesFromComputeNode("pool", node?.id ?? "", "startup/stdout.txt");
  const login = await client.computeNode.getRemoteLoginSettings("pool", node?.id ?? "");
  await client.file.deleteFromComputeNode("pool", node?.id ?? "", "startup/stdout.txt");
  const [startup, wd] = (await readAll(output.readableStreamBody)).trim().split("\n");

  expect(files.map((file) => String(file.name)).toSorted()).toEqual([
    "applications",
    "fsmounts",
    "shared",
    "startup",
    "volatile",
    "workitems",
  ]);
  expect(wd).toBe(`${startup}/wd`);
  expect(head.ocpBatchFileUrl).toContain(encodeURIComponent("/files/startup/stdout.txt"));
  expect(login.remoteLoginPort).toBe(22);
});

test("a job of the same name right after a deletion keeps its files", async ({ expect }) => {
  const { client } = await startWithPool();
  const files: string[] = [];
  for (let round = 0; round < 3; round++) {
    await run(client, `/bin/echo ${round}`);
    files.push(await textOf(client, "stdout.txt"));
    await client.job.deleteMethod("job");
    await until(
      async () => (await client.job.list()).length,
      (count) => count === 0,
    );
    await client.job.add({ id: "job", poolInfo: { poolId: "pool" } });
  }

  expect(files).toEqual(["0\n", "1\n", "2\n"]);
});

test("a task of the same name right after the deletion of a running one keeps its processes and files", async ({
  expect,
}) => {
  const { client } = await startFixture();
  await addPoolAndJob(client, { taskSlotsPerNode: 4 });
  await client.task.add("job", { id: "task", commandLine: "/bin/sh -c 'echo old; sleep 1000'" });
  await until(
    () => textOf(client, "stdout.txt").catch(() => ""),
    (text) => text === "old\n",
  );

  await client.task.deleteMethod("job", "task");
  const { executionInfo } = await run(client, "/bin/sh -c 'sleep 0.2; echo new'");

  expect(executionInfo).toMatchObject({ exitCode: 0 });
  expect(await textOf(client, "stdout.txt")).toBe("new\n");
});

test("what the service does not document can be chosen", async ({ expect }) => {
  const { client } = await startFixture({
    choices: { outputOnRetry: "append", emptyFileRange: "refuse", missingOutputFile: "ignore", killedExitCode: 9 },
  });
  await addPoolAndJob(client);
  const uploadOptions = { uploadCondition: "taskcompletion" as const };
  await client.task.add("job", {
    id: "task",
    commandLine: "/bin/sh -c 'echo again; exit 1'",
    constraints: { maxTaskRetryCount: 2 },
    outputFiles: [
      { filePattern: "none", destination: { container: { containerUrl: "http://127.0.0.1:9/c" } }, uploadOptions },
    ],
  });
  await taskCompleted(client);
  await client.task.add("job", { id: "long", commandLine: "sleep 1000", constraints: { maxWallClockTime: "PT0.1S" } });
  const long = await taskCompleted(client, "long");

  expect(await textOf(client, "stdout.txt")).toBe("again\nagain\nagain\n");
  expect((await refusal(textOf(client, "stderr.txt", "bytes=0-9"))).status).toBe(416);
  expect(await textOf(client, "fileuploaderr.txt").catch(() => "none")).toBe("none");
  expect(long.executionInfo?.exitCode).toBe(9);
});

test("programs are found in the folders given to the emulator before PATH", async ({ expect }) => {
  const bin = temporaryFolder();
  writeFileSync(join(bin, "ffmpeg"), "#!/bin/sh\necho mine\n", { mode: 0o755 });
  const { client } = await startFixture({ nodeBinFolders: [bin] });
  await addPoolAndJob(client);

  await run(client, "ffmpeg");

  expect(await textOf(client, "stdout.txt")).toBe("mine\n");
});

test("ending a task ends its whole process tree, even what left the process group", async ({ expect }) => {
  const { client } = await startWithPool();
  const script = "setsid sh -c 'echo $$ > ../child; exec sleep 1000' & echo $$ > ../parent; sleep 1000 & wait";
  await client.task.add("job", { id: "task", commandLine: `/bin/bash -c "${script.replaceAll("$", "\\$")}"` });
  const pids = await until(
    async () => [await pidIn(client, "parent"), await pidIn(client, "child")],
    (found) => found.every((pid) => pid > 0),
  );
  expect(pids.map(isAlive)).toEqual([true, true]);

  await client.task.terminate("job", "task");
  const { executionInfo } = await taskCompleted(client);

  expect(executionInfo).toMatchObject({ exitCode: 137, failureInfo: { code: "TaskEnded" } });
  expect(pids.map(isAlive)).toEqual([false, false]);
});

test("a job that takes the name of one just deleted stays, however long a task of that took to end", async ({
  expect,
}) => {
  const { client } = await startFixture({ timings: { jobDeleteMs: 100 } });
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "sleep 60" });
  await until(
    () => client.task.get("job", "task"),
    ({ state }) => state === "running",
  );
  const isGone = async () => (await refusal(client.job.get("job"))).code === "JobNotFound";

  await client.job.deleteMethod("job");
  await until(isGone, (gone) => gone);
  await client.job.add({ id: "job", poolInfo: { poolId: "pool" } });
  await new Promise((resolve) => setTimeout(resolve, 300));

  expect(await isGone()).toBe(false);
});

async function pidIn(client: Fixture["client"], path: string): Promise<number> {
  return textOf(client, path).then(Number, () => 0);
}

/** A zombie is dead: it only waits for somebody to ask how it died. */
function isAlive(pid: number): boolean {
  const state = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  return state !== "" && !state.startsWith("Z");
}

test("a schedule makes a pool, runs the manager of its job there, and is completed when the job is", async ({
  expect,
}) => {
  const { client } = await startFixture();
  const pool = { vmSize: "Standard_D2s_v3", virtualMachineConfiguration: IMAGE, targetDedicatedNodes: 1 };
  const commandLine = "/bin/sh -c 'echo $AZ_BATCH_JOB_ID $AZ_BATCH_POOL_ID; basename $(dirname $PWD)'";

  await client.jobSchedule.add({
    id: "schedule",
    schedule: {},
    jobSpecification: {
      poolInfo: {
        autoPoolSpecification: { autoPoolIdPrefix: "auto", poolLifetimeOption: "jobschedule", keepAlive: true, pool },
      },
      jobManagerTask: { id: "manager", commandLine },
    },
  });
  const completed = await until(
    () => client.jobSchedule.get("schedule"),
    ({ state }) => state === "completed",
  );
  const job = await client.job.get("schedule:job-1");
  const file = await client.file.getFromTask("schedule:job-1", "manager", "stdout.txt");
  const output = await readAll(file.readableStreamBody);

  expect(completed.executionInfo?.recentJob?.id).toBe("schedule:job-1");
  expect(job).toMatchObject({ state: "completed", executionInfo: { terminateReason: "JMComplete" } });
  expect(job.executionInfo?.poolId).toMatch(/^auto_/);
  expect(output).toBe(`schedule:job-1 ${job.executionInfo?.poolId}\nmanager\n`);
});
