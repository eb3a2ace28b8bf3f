import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished, test } from "vitest";
import { connectBatch } from "../../src/azure/batch/client.ts";
import { createBatchService } from "../../src/azure/batch/service.ts";
import { readConfig } from "../../src/config.ts";
import type { BatchService } from "../../src/services.ts";

const IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/node";

interface Request {
  readonly what: string;
  readonly body: unknown;
}

/** Our service in front of one that notes what it is asked. Its pool has these identities; without any, it has no pool. */
async function noting(
  identities: readonly string[] | undefined,
): Promise<{ batch: BatchService; requests: Request[] }> {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const path = new URL(request.url ?? "", "http://x").pathname;
      requests.push({ what: `${request.method} ${path}`, body: body === "" ? undefined : JSON.parse(body) });
      const isMissing = path === "/pools/mp3drop" && identities === undefined;
      const userAssignedIdentities = identities?.map((resourceId) => ({ resourceId }));
      const pool = { id: "mp3drop", identity: { type: "UserAssigned", userAssignedIdentities } };
      const answer = path === "/jobs" ? { value: [{ id: "mp3drop", state: "active" }] } : pool;
      const status = request.method === "POST" ? 201 : 200;
      response.writeHead(isMissing ? 404 : status, { "content-type": "application/json" });
      response.end(JSON.stringify(isMissing ? { code: "PoolNotFound" } : answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { batch: settings } = readConfig({
    STORAGE: "UseDevelopmentStorage=true",
    BATCH_ACCOUNT_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    BATCH_ACCOUNT_NAME: "account",
    BATCH_ACCOUNT_KEY: "a2V5",
    BATCH_NODE_IDENTITY_ID: IDENTITY,
  });
  return { batch: createBatchService(connectBatch(settings), settings, []), requests };
}

const TASK = {
  taskId: "one",
  commandLine: "/bin/true",
  environment: {},
  inputs: {
    "task.sh": "https://a.blob.core.windows.net/application/mp3.sh",
    input: "https://a.blob.core.windows.net/input/a",
  },
  outputs: [
    {
      file: "result",
      containerUrl: "https://a.blob.core.windows.net/work",
      blobName: "0123/1/result",
      contentType: "audio/mpeg",
      when: "tasksuccess" as const,
    },
  ],
  identityId: IDENTITY,
  maxWallClockMinutes: 1,
};

test("a task with an identity names it for everything that it reads and writes", async ({ expect }) => {
  const { batch, requests } = await noting([IDENTITY.toUpperCase()]);

  await batch.addTask(TASK);

  const identityReference = { resourceId: IDENTITY };
  expect(requests.at(-1)).toMatchObject({
    what: "POST /jobs/mp3drop/tasks",
    body: {
      resourceFiles: [
        { filePath: "task.sh", httpUrl: TASK.inputs["task.sh"], identityReference },
        { filePath: "input", httpUrl: TASK.inputs.input, identityReference },
      ],
      outputFiles: [{ destination: { container: { containerUrl: TASK.outputs[0]?.containerUrl, identityReference } } }],
    },
  });
});

test.for([
  ["is missing, because the app could not give it the identity", undefined, "There is no pool mp3drop"],
  ["lacks the identity, where tasks would fail one after the other", ["/other"], "Pool mp3drop lacks the identity"],
] as const)("nothing is created where the pool %s", async ([, identities, message], { expect }) => {
  const { batch, requests } = await noting(identities);

  const error = await batch.ensurePoolAndJob().catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ message: expect.stringContaining(message), failureCode: "Misconfigured" });
  expect(requests.filter(({ what }) => what.startsWith("POST"))).toEqual([]);
});
