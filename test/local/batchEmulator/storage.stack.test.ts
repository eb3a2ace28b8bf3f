import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { systemClock } from "../../../src/local/batchEmulator/index.ts";
import { blobIn, namesIn, useAzuriteBlobs } from "./azuriteBlobs.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { addPoolAndJob, readAll, startFixture, taskCompleted } from "./emulator.ts";

const createContainer = useAzuriteBlobs();

async function start() {
  const input = await createContainer("input");
  const output = await createContainer("output");
  await input.client.uploadBlockBlob("talks/intro é.txt", "hello", 5);
  await input.client.uploadBlockBlob("talks/other.txt", "other", 5);
  await input.client.uploadBlockBlob("else.txt", "else", 4);
  // Transfers with a service that is away are tried for a minute.
  const { client } = await startFixture({ clock: systemClock(1000) });
  await addPoolAndJob(client);
  return { client, input, output };
}

test("resource files come from a blob and from a container, before the command runs", async ({ expect }) => {
  const { client, input } = await start();

  await client.task.add("job", {
    id: "task",
    commandLine:
      "/bin/sh -c 'find . -type f | sort; cat in/hello.txt; stat -c %a in/hello.txt || stat -f %Lp in/hello.txt'",
    resourceFiles: [
      { httpUrl: blobIn(await input.sas("r"), "talks/intro é.txt"), filePath: "in/hello.txt", fileMode: "0640" },
      { storageContainerUrl: await input.sas("rl"), blobPrefix: "talks/", filePath: "all" },
    ],
  });
  const { executionInfo } = await taskCompleted(client);
  const file = await client.file.getFromTask("job", "task", "stdout.txt");

  expect(executionInfo).toMatchObject({ exitCode: 0 });
  expect(await readAll(file.readableStreamBody)).toBe(
    "./all/talks/intro é.txt\n./all/talks/other.txt\n./in/hello.txt\nhello640\n",
  );
});

test("a blob that is missing or may not be read fails the task before it starts", async ({ expect }) => {
  const { client, input } = await start();
  const reading = await input.sas("r");
  const failureOf = async (id: string, url: string) => {
    const resourceFiles = [{ httpUrl: url, filePath: "file" }];
    await client.task.add("job", { id, commandLine: "/bin/true", resourceFiles });
    const { executionInfo } = await taskCompleted(client, id);
    return [executionInfo?.failureInfo?.category, executionInfo?.failureInfo?.code, executionInfo?.exitCode];
  };

  expect(await failureOf("missing", blobIn(reading, "none"))).toEqual(["UserError", "BlobNotFound", undefined]);
  expect(await failureOf("denied", blobIn(await input.sas("w"), "else.txt"))).toEqual([
    "UserError",
    "BlobAccessDenied",
    undefined,
  ]);
  expect(await failureOf("nobody", "http://127.0.0.1:9/c/b")).toEqual([
    "ServerError",
    "BlobDownloadMiscError",
    undefined,
  ]);
});

test("output files are there when the task is completed, by condition and with their headers", async ({ expect }) => {
  const { client, output } = await start();
  const containerUrl = await output.sas("w");
  const upload = (
    filePattern: string,
    uploadCondition: "tasksuccess" | "taskfailure" | "taskcompletion",
    path?: string,
  ) => ({
    filePattern,
    destination: {
      container: {
        containerUrl,
        ...(path !== undefined && { path }),
        uploadHeaders: [{ name: "x-ms-blob-content-type", value: "audio/mpeg" }],
      },
    },
    uploadOptions: { uploadCondition },
  });

  await client.task.add("job", {
    id: "task",
    commandLine: "/bin/sh -c 'mkdir -p out/deep; echo a > out/a.mp3; echo b > out/deep/b-1.mp3; echo c > out/c.txt'",
    outputFiles: [
      upload("out/a.mp3", "tasksuccess", "exact/name é.mp3"),
      upload("out/**/*-*.mp3", "taskcompletion", "wild"),
      upload("../std*.txt", "taskcompletion", "logs"),
      upload("$AZ_BATCH_TASK_WORKING_DIR/out/c.txt", "taskcompletion"),
      upload("out/*", "taskfailure", "never"),
    ],
  });
  const { executionInfo } = await taskCompleted(client);

  expect(executionInfo).toMatchObject({ exitCode: 0, result: "success" });
  expect(await namesIn(output.client)).toEqual([
    "c.txt",
    "exact/name é.mp3",
    "logs/stderr.txt",
    "logs/stdout.txt",
    "wild/deep/b-1.mp3",
  ]);
  const blob = await output.client.getBlobClient("exact/name é.mp3").getProperties();
  expect(blob.contentType).toBe("audio/mpeg");
});

test("a failed task uploads what is for failures", async ({ expect }) => {
  const { client, output } = await start();
  const destination = { container: { containerUrl: await output.sas("w") } };

  await client.task.add("job", {
    id: "task",
    commandLine: "/bin/sh -c 'echo x > x; exit 3'",
    outputFiles: [
      { filePattern: "x", destination, uploadOptions: { uploadCondition: "taskfailure" } },
      { filePattern: "missing", destination, uploadOptions: { uploadCondition: "tasksuccess" } },
    ],
  });
  const { executionInfo } = await taskCompleted(client);

  expect(executionInfo).toMatchObject({ exitCode: 3, failureInfo: { code: "FailureExitCode" } });
  expect(await namesIn(output.client)).toEqual(["x"]);
});

test("an upload that is refused fails the task, whose exit code stays 0", async ({ expect }) => {
  const { client, output } = await start();
  const failureOf = async (id: string, filePattern: string, containerUrl: string) => {
    const uploadOptions = { uploadCondition: "taskcompletion" as const };
    const outputFiles = [{ filePattern, destination: { container: { containerUrl } }, uploadOptions }];
    await client.task.add("job", { id, commandLine: "/bin/sh -c 'echo x > x; ln -s /etc/passwd link'", outputFiles });
    const { executionInfo } = await taskCompleted(client, id);
    return [executionInfo?.exitCode, executionInfo?.result, executionInfo?.failureInfo?.code];
  };
  const writing = await output.sas("w");
  const gone = writing.replace(/\/output-[\w-]+\?/, "/gone?");

  expect(await failureOf("denied", "x", await output.sas("r"))).toEqual([0, "failure", "FileUploadAccessDenied"]);
  expect(await failureOf("literal", "none", writing)).toEqual([0, "failure", "FileUploadMiscError"]);
  expect(await failureOf("leaving", "/etc/passwd", writing)).toEqual([0, "failure", "FileUploadMiscError"]);
  expect(await failureOf("linked", "link", writing)).toEqual([0, "failure", "FileUploadMiscError"]);
  expect(await failureOf("nothing", "*.none", writing)).toEqual([0, "success", undefined]);
  expect((await failureOf("container", "x", gone))[1]).toBe("failure");
  expect(await namesIn(output.client)).toEqual([]);
});

test("played tasks run no command: after their downloads they leave the files of the folder, which are uploaded", async ({
  expect,
}) => {
  const input = await createContainer("input");
  const output = await createContainer("output");
  await input.client.uploadBlockBlob("there.txt", "there", 5);
  const folder = temporaryFolder();
  mkdirSync(join(folder, "wd"));
  writeFileSync(join(folder, "wd", "result"), "what a task left");
  writeFileSync(join(folder, "stdout.txt"), "what it said");
  const { client } = await startFixture({ playedTasksFolder: folder, clock: systemClock(1000) });
  await addPoolAndJob(client);
  const reading = await input.sas("r");
  const containerUrl = await output.sas("w");
  const run = async (id: string, blob: string) => {
    await client.task.add("job", {
      id,
      commandLine: "/no/such/program",
      resourceFiles: [{ httpUrl: blobIn(reading, blob), filePath: "input" }],
      outputFiles: [
        {
          filePattern: "result",
          destination: { container: { containerUrl, path: id } },
          uploadOptions: { uploadCondition: "tasksuccess" },
        },
      ],
    });
    return (await taskCompleted(client, id)).executionInfo;
  };

  expect(await run("well", "there.txt")).toMatchObject({ exitCode: 0, result: "success" });
  expect(await run("badly", "none.txt")).toMatchObject({ failureInfo: { code: "BlobNotFound" } });

  expect(await namesIn(output.client)).toEqual(["well"]);
  expect((await output.client.getBlobClient("well").downloadToBuffer()).toString()).toBe("what a task left");
  const said = await client.file.getFromTask("job", "well", "stdout.txt");
  expect(await readAll(said.readableStreamBody)).toBe("what it said");
});
