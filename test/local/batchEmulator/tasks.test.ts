import { test } from "vitest";
import { addPoolAndJob, readAll, startFixture, taskCompleted } from "./emulator.ts";

test("a task runs as a process with the environment of the service and none of the emulator's own", async ({
  expect,
}) => {
  const { client } = await startFixture();
  process.env["LEAK"] = "leaked";
  await addPoolAndJob(client);

  await client.task.add("job", {
    id: "task",
    commandLine: "/usr/bin/env",
    environmentSettings: [{ name: "GREETING", value: "hello world" }],
  });
  const task = await taskCompleted(client);
  const file = await client.file.getFromTask("job", "task", "stdout.txt");
  const output = await readAll(file.readableStreamBody);

  expect(task.executionInfo).toMatchObject({ exitCode: 0, result: "success", retryCount: 0, requeueCount: 0 });
  expect(output).toContain("GREETING=hello world\n");
  expect(output).toContain("AZ_BATCH_TASK_ID=task\n");
  const names = output
    .trim()
    .split("\n")
    .map((line) => line.split("=")[0] ?? "");
  expect(names.filter((name) => !name.startsWith("AZ_BATCH_")).sort()).toEqual(["GREETING", "HOME", "LANG", "PATH"]);
  delete process.env["LEAK"];
});
