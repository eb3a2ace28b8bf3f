import { test } from "vitest";
import { ensureBatch } from "../../src/activities/ensureBatch.ts";
import { connectBatch } from "../../src/azure/batch/client.ts";
import { createBatchService } from "../../src/azure/batch/service.ts";
import { readConfig } from "../../src/config.ts";
import type { Services } from "../../src/services.ts";
import { IMAGE, startVirtualFixture } from "../local/batchEmulator/emulator.ts";

test("what was noticed of the pool goes to the log of the host", async ({ expect }) => {
  const { emulator, client } = await startVirtualFixture();
  const older = { id: "mp3drop", displayName: "mp3drop", vmSize: "standard_d2s_v5" };
  await client.pool.add({ ...older, virtualMachineConfiguration: IMAGE });
  const config = readConfig({
    STORAGE: "UseDevelopmentStorage=true",
    BATCH_ACCOUNT_ENDPOINT: emulator.endpoint,
    BATCH_ACCOUNT_NAME: emulator.accountName,
    BATCH_ACCOUNT_KEY: emulator.accountKey,
  });
  const batch = createBatchService(connectBatch(config.batch), config.batch, []);
  const layout: Services["layout"] = { ensure: async () => () => ({ container: "application", name: "task.sh" }) };
  const warnings: string[] = [];
  const run = () => ensureBatch({ batch, layout }, { attempt: 1 }, (notice) => warnings.push(notice));

  await run();
  await run();

  expect(warnings).toEqual([expect.stringContaining("was made by an older version")]);
});
