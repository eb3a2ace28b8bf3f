import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { startBatchEmulator } from "../../../src/local/batchEmulator/index.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { blobIn, namesIn, useAzuriteBlobs } from "./azuriteBlobs.ts";
import { addPoolAndJob, readAll, startFixture, taskCompleted, until } from "./emulator.ts";
import type { Fixture } from "./emulator.ts";

const OWN = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/Node";
const OTHER = OWN.replace("Node", "other");

const createContainer = useAzuriteBlobs();

async function startStorage() {
  const input = await createContainer("input");
  const output = await createContainer("output");
  await input.client.uploadBlockBlob("talks/intro é.txt", "hello", 5);
  const { connectionString } = input;
  const [, key = ""] = /AccountKey=([^;]*)/.exec(connectionString) ?? [];
  return { input, output, connectionString, key };
}

/** A task that reads a blob or a container, or writes what it has made, with nothing but an identity. */
async function failureOf({ client }: Fixture, id: string, files: { reads?: object; writes?: string; as?: string }) {
  const identityReference = { resourceId: files.as ?? OWN };
  await client.task.add("job", {
    id,
    commandLine: "/bin/sh -c 'echo made > made.txt'",
    ...(files.reads !== undefined && { resourceFiles: [{ ...files.reads, identityReference }] }),
    ...(files.writes !== undefined && {
      outputFiles: [
        {
          filePattern: "made.txt",
          destination: { container: { containerUrl: files.writes, identityReference } },
          uploadOptions: { uploadCondition: "taskcompletion" as const },
        },
      ],
    }),
  });
  const { executionInfo } = await taskCompleted(client, id);
  const { category, code, details = [] } = executionInfo?.failureInfo ?? {};
  return [category, code, details.find(({ name }) => name === "HttpStatusCode")?.value];
}

test("nodes read and write with the identity of their pool, whatever the case of its id, and tell nobody how", async ({
  expect,
}) => {
  const { input, output, connectionString, key } = await startStorage();
  const lines: string[] = [];
  const { client, dataFolder } = await startFixture({
    poolIdentities: [OWN],
    identityStorage: connectionString,
    log: (line) => lines.push(line),
  });
  const identityReference = { resourceId: OWN.toUpperCase() };
  const blob = { httpUrl: blobIn(input.client.url, "talks/intro é.txt"), filePath: "in/hello.txt", identityReference };
  await addPoolAndJob(client, {
    startTask: {
      commandLine: "/bin/sh -c 'cp hello.txt $AZ_BATCH_NODE_SHARED_DIR'",
      resourceFiles: [{ ...blob, filePath: "hello.txt" }],
    },
  });

  await client.task.add("job", {
    id: "task",
    commandLine:
      "/bin/sh -c 'env > env.txt; cat in/hello.txt \"all/talks/intro é.txt\" $AZ_BATCH_NODE_SHARED_DIR/hello.txt'",
    resourceFiles: [
      blob,
      { storageContainerUrl: input.client.url, blobPrefix: "talks/", filePath: "all", identityReference },
    ],
    outputFiles: ["env.txt", "../stdout.txt"].map((filePattern) => ({
      filePattern,
      destination: {
        container: { containerUrl: output.client.url, path: `made/${filePattern.slice(-7)}`, identityReference },
      },
      uploadOptions: { uploadCondition: "taskcompletion" as const },
    })),
  });
  const task = await taskCompleted(client);
  const made = async (name: string) => readAll((await output.client.getBlobClient(name).download()).readableStreamBody);

  expect(task).toMatchObject({ executionInfo: { result: "success" }, resourceFiles: [{ identityReference }, {}] });
  expect(await namesIn(output.client)).toEqual(["made/env.txt", "made/out.txt"]);
  expect(await made("made/out.txt")).toBe("hellohellohello");
  const told = [
    JSON.stringify([task, await client.pool.get("pool"), await client.computeNode.list("pool")], shown),
    await made("made/env.txt"),
    readFileSync(join(dataFolder, "batch", "journal.jsonl"), "utf8"),
    ...lines,
  ].join("\n");
  expect(told).not.toContain(key);
  expect(told).not.toContain("sig=");
});

test("an identity that the pool does not have gets no token on its nodes, and one without the right is denied", async ({
  expect,
}) => {
  const { input, output, connectionString } = await startStorage();
  const reading = { httpUrl: blobIn(input.client.url, "talks/intro é.txt"), filePath: "file" };
  const listing = { storageContainerUrl: input.client.url };
  const writes = output.client.url;
  const elsewhere = await startFixture({
    poolIdentities: [OWN],
    identityStorage: connectionString.replace("/devstoreaccount1", "/devstoreaccount10"),
  });
  const withoutRights = await startFixture({ poolIdentities: [OWN] });
  const withRights = await startFixture({ poolIdentities: [OWN], identityStorage: connectionString });
  for (const { client } of [elsewhere, withoutRights, withRights]) await addPoolAndJob(client);

  const noToken = { as: OTHER };
  expect(await failureOf(withRights, "blob", { reads: reading, ...noToken })).toEqual([
    "ServerError",
    "BlobDownloadMiscError",
    "400",
  ]);
  expect(await failureOf(withRights, "container", { reads: listing, ...noToken })).toEqual([
    "ServerError",
    "ResourceContainerListMiscError",
    "400",
  ]);
  expect(await failureOf(withRights, "upload", { writes, ...noToken })).toEqual([
    "ServerError",
    "FileUploadMiscError",
    "400",
  ]);
  for (const fixture of [withoutRights, elsewhere]) {
    expect(await failureOf(fixture, "blob", { reads: reading })).toEqual(["UserError", "BlobAccessDenied", "403"]);
    expect(await failureOf(fixture, "container", { reads: listing })).toEqual([
      "UserError",
      "ResourceContainerAccessDenied",
      "403",
    ]);
    expect(await failureOf(fixture, "upload", { writes })).toEqual(["UserError", "FileUploadAccessDenied", "403"]);
  }
  expect(await namesIn(output.client)).toEqual([]);
});

test("a start task with an identity that the pool does not have leaves the node unusable for tasks", async ({
  expect,
}) => {
  const { client } = await startFixture({ poolIdentities: [OTHER] });
  const resourceFiles = [
    { httpUrl: "http://127.0.0.1:9/account/c/b", filePath: "b", identityReference: { resourceId: OWN } },
  ];

  await addPoolAndJob(client, { startTask: { commandLine: "/bin/true", resourceFiles, waitForSuccess: true } });
  const [node] = await until(
    () => client.computeNode.list("pool"),
    ([first]) => first?.state === "starttaskfailed",
  );

  expect(node?.startTaskInfo?.failureInfo?.code).toBe("BlobDownloadMiscError");
});

test("an account that cannot sign for the identities is refused at the start, without its secret", async ({
  expect,
}) => {
  const dataFolder = temporaryFolder();
  for (const identityStorage of [
    "secret",
    "AccountName=a;BlobEndpoint=http://127.0.0.1:10000/a;AccountKey=",
    "BlobEndpoint=http://127.0.0.1:10000/a;SharedAccessSignature=sv=1&sig=secret",
  ]) {
    await expect(startBatchEmulator({ dataFolder, identityStorage })).rejects.toMatchObject({
      code: "BadConnection",
      message: expect.not.stringContaining("secret"),
    });
  }
});

/** Answers carry their request, which is signed with the key of the Batch account. */
function shown(name: string, value: unknown): unknown {
  return name === "_response" ? undefined : value;
}
