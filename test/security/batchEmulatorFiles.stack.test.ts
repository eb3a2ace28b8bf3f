import { createServer } from "node:http";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { onTestFinished, test } from "vitest";
import { listen } from "../../src/local/kit/listen.ts";
import { addPoolAndJob, readAll, refusal, startFixture, taskCompleted } from "../local/batchEmulator/emulator.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

const SECRET = "a file of the user";

/** A task that has run this script, with `$SECRET` naming a file outside the folder of the task and of the node. */
async function startWith(script: string, options: { outputFiles?: readonly string[]; containerUrl?: string } = {}) {
  const secretFolder = temporaryFolder();
  writeFileSync(join(secretFolder, "secret"), SECRET);
  const { client, emulator } = await startFixture();
  await addPoolAndJob(client);
  const destination = { container: { containerUrl: options.containerUrl ?? "" } };
  const uploadOptions = { uploadCondition: "taskcompletion" as const };
  await client.task.add("job", {
    id: "task",
    commandLine: `/bin/sh -c '${script}'`,
    environmentSettings: [{ name: "SECRET_FOLDER", value: secretFolder }],
    ...(options.outputFiles !== undefined && {
      outputFiles: options.outputFiles.map((filePattern) => ({ filePattern, destination, uploadOptions })),
    }),
  });
  const task = await taskCompleted(client);
  const status = async (call: Promise<unknown>) => (await refusal(call)).status;
  const read = async (path: string) => readAll((await client.file.getFromTask("job", "task", path)).readableStreamBody);
  const listed = async () =>
    (await client.file.listFromTask("job", "task", { recursive: true })).map(({ name }) => name);
  return { client, emulator, secretFolder, task, status, read, listed };
}

/** Takes uploads, and keeps what was in them. */
async function startContainer() {
  const blobs = new Map<string, string>();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      blobs.set(request.url ?? "", body);
      response.writeHead(201).end();
    });
  });
  const port = await listen(server, { port: 0 });
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${port}/container`, blobs };
}

test("a link that leads out of the task's folder is neither read, described nor listed", async ({ expect }) => {
  const { client, status, listed } = await startWith(
    "ln -s $SECRET_FOLDER folder; ln -s $SECRET_FOLDER/secret file; ln -s file chain; ln -s ../../.. up; echo x > own",
  );

  for (const path of ["wd/file", "wd/chain", "wd/folder/secret", "wd/folder", "wd/up"]) {
    expect(await status(client.file.getFromTask("job", "task", path)), path).toBe(404);
    expect(await status(client.file.getPropertiesFromTask("job", "task", path)), path).toBe(404);
  }
  expect((await listed()).filter((name) => name?.startsWith("wd/"))).toEqual(["wd/own"]);
});

test("a link that stays in the task's folder is read like the file, and deleted without it", async ({ expect }) => {
  const { client, status, read, listed } = await startWith("echo hello > file; ln -s file link; ln -s . loop");

  expect(await read("wd/link")).toBe("hello\n");
  expect(await read("wd/loop/loop/file")).toBe("hello\n");
  expect(await listed()).toEqual(expect.arrayContaining(["wd/file", "wd/link", "wd/loop"]));
  expect(await listed()).not.toContain("wd/loop/file");
  await client.file.deleteFromTask("job", "task", "wd/link");
  expect(await status(client.file.getFromTask("job", "task", "wd/link"))).toBe(404);
  expect(await read("wd/file")).toBe("hello\n");
});

test("a link that leads out can be deleted, and what it leads to stays", async ({ expect }) => {
  const { client, status, secretFolder } = await startWith("ln -s $SECRET_FOLDER folder");

  expect(await status(client.file.deleteFromTask("job", "task", "wd/folder/secret"))).toBe(404);
  await client.file.deleteFromTask("job", "task", "wd/folder", { recursive: true });

  expect(readFileSync(join(secretFolder, "secret"), "utf8")).toBe(SECRET);
});

test.for([
  ["working directory", "cd ..; rm -r wd; ln -s $SECRET_FOLDER wd", "wd/secret"],
  ["folder", "cd ../..; mv task away; ln -s $SECRET_FOLDER task", "secret"],
  [
    "job's folder",
    "mkdir $SECRET_FOLDER/task; cp $SECRET_FOLDER/secret $SECRET_FOLDER/task; cd ../../..; mv job-1 away; ln -s $SECRET_FOLDER job-1",
    "secret",
  ],
] as const)("a task that puts a link in the place of its %s opens nothing", async ([, script, path], { expect }) => {
  const { url, blobs } = await startContainer();
  const { client, status, listed } = await startWith(script, {
    containerUrl: url,
    outputFiles: [`../${path}`, "../**/sec*", "../sec*"],
  });

  expect(await status(client.file.getFromTask("job", "task", path))).toBe(404);
  expect((await listed()).filter((name) => name?.endsWith("secret"))).toEqual([]);
  expect([...blobs.keys()]).toEqual([]);
});

test("an output file that is a link is uploaded only if it leads to a file of the task", async ({ expect }) => {
  const { url, blobs } = await startContainer();
  const script =
    "echo own > own.txt; ln -s own.txt in.txt; ln -s $SECRET_FOLDER/secret out.txt; ln -s $SECRET_FOLDER deep";
  await startWith(script, { containerUrl: url, outputFiles: ["*.txt", "**/secret", "deep/secret", "out.txt"] });

  expect(Object.fromEntries(blobs)).toEqual({ "/container/own.txt": "own\n", "/container/in.txt": "own\n" });
});

test("what the start task links to outside of its node is not read either", async ({ expect }) => {
  const { client } = await startFixture();
  const secretFolder = temporaryFolder();
  writeFileSync(join(secretFolder, "secret"), SECRET);
  const commandLine = `/bin/ln -s ${secretFolder} ../../shared/link`;
  await addPoolAndJob(client, { startTask: { commandLine, waitForSuccess: true } });
  await client.task.add("job", { id: "task", commandLine: "/bin/true" });
  await taskCompleted(client);
  const [{ id = "" } = {}] = await client.computeNode.list("pool");

  const { status } = await refusal(client.file.getFromComputeNode("pool", id, "shared/link/secret"));
  const names = (await client.file.listFromComputeNode("pool", id, { recursive: true })).map(({ name }) => name);

  expect(status).toBe(404);
  expect(names).toContain("startup/stdout.txt");
  expect(names.filter((name) => name?.startsWith("shared/"))).toEqual([]);
});

test("pipes and devices are no files: nobody waits for them", async ({ expect }) => {
  const { url, blobs } = await startContainer();
  const { client, status, listed } = await startWith("mkfifo pipe; ln -s /dev/zero zero; ln -s pipe link", {
    containerUrl: url,
    outputFiles: ["*"],
  });

  for (const path of ["wd/pipe", "wd/link", "wd/zero"]) {
    expect(await status(client.file.getFromTask("job", "task", path)), path).toBe(404);
  }
  expect((await listed()).filter((name) => name?.startsWith("wd/"))).toEqual([]);
  expect([...blobs.keys()]).toEqual([]);
});
