import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished, test } from "vitest";
import { connectBatch } from "../../src/azure/batch/client.ts";
import { createBatchService } from "../../src/azure/batch/service.ts";
import { readConfig } from "../../src/config.ts";
import type { BatchService } from "../../src/services.ts";

const TASK = { poolId: "mp3drop", jobId: "mp3drop", taskId: "one" };

/** Our service in front of one that refuses everything with this code: the emulator is kinder to ended jobs. */
async function refusing(code: string): Promise<BatchService> {
  const server = createServer((_request, response) => {
    response.writeHead(409, { "content-type": "application/json;odata=minimalmetadata" });
    response.end(JSON.stringify({ code, message: { lang: "en-US", value: `Refused: ${code}` } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { batch: settings } = readConfig({
    STORAGE: "UseDevelopmentStorage=true",
    BATCH_ACCOUNT_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    BATCH_ACCOUNT_NAME: "account",
    BATCH_ACCOUNT_KEY: "a2V5",
  });
  return createBatchService(connectBatch(settings), settings, []);
}

test.for(["TaskCompleted", "JobCompleted", "JobBeingTerminated", "JobBeingDeleted"])(
  "ending a task succeeds where the service says %s: it does not run, and never will",
  async (code, { expect }) => {
    await expect((await refusing(code)).terminateTask(TASK)).resolves.toBeUndefined();
  },
);

test("deleting a task succeeds where its job is being deleted", async ({ expect }) => {
  await expect((await refusing("JobBeingDeleted")).deleteTask(TASK)).resolves.toBeUndefined();
});

test("ending a task fails where the service refuses for another reason", async ({ expect }) => {
  await expect((await refusing("OperationInvalidForCurrentState")).terminateTask(TASK)).rejects.toThrow(
    "Azure Batch could not end task one: OperationInvalidForCurrentState: Refused",
  );
});
