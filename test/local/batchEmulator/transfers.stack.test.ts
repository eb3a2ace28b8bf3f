import { test } from "vitest";
import { VirtualClock } from "../../../src/local/batchEmulator/index.ts";
import { findFreePort } from "../../../src/local/kit/listen.ts";
import { addPoolAndJob, startFixture, taskCompleted, until } from "./emulator.ts";

/** On a clock that stands still, a transfer that has to be tried again waits for ever. */
async function startWithoutStorage() {
  const clock = new VirtualClock();
  const { client } = await startFixture({ clock });
  await addPoolAndJob(client);
  await clock.advance(0);
  return { client, clock, nobody: `http://127.0.0.1:${await findFreePort({ port: 0 })}/container` };
}

test("a task can be ended while its download waits for storage to come back", async ({ expect }) => {
  const { client, nobody } = await startWithoutStorage();
  const resourceFiles = [{ httpUrl: `${nobody}/blob`, filePath: "file" }];
  await client.task.add("job", { id: "task", commandLine: "/bin/true", resourceFiles });
  await until(
    () => client.task.get("job", "task"),
    (task) => task.state === "running",
  );

  await client.task.terminate("job", "task");

  expect((await taskCompleted(client)).executionInfo?.failureInfo?.code).toBe("TaskEnded");
});

test("a task can be ended while its upload waits for storage to come back, and so can a node", async ({ expect }) => {
  const { client, clock, nobody } = await startWithoutStorage();
  const outputFiles = [
    {
      filePattern: "../std*.txt",
      destination: { container: { containerUrl: nobody } },
      uploadOptions: { uploadCondition: "taskcompletion" as const },
    },
  ];
  const hasEnded = () =>
    client.file.getPropertiesFromTask("job", "task", "wd/ended").then(
      () => true,
      () => false,
    );
  await client.task.add("job", { id: "task", commandLine: "/usr/bin/touch ended", outputFiles });
  await until(hasEnded, Boolean);

  await client.pool.removeNodes("pool", {
    nodeList: (await client.computeNode.list("pool")).map(({ id = "" }) => id),
    nodeDeallocationOption: "requeue",
  });
  await until(
    async () => {
      await clock.advance(0);
      return client.task.get("job", "task");
    },
    (task) => task.state === "active",
  );
  await client.task.terminate("job", "task");

  expect((await taskCompleted(client)).executionInfo?.requeueCount).toBe(1);
});
