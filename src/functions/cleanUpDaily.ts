import type { InvocationContext, Timer } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import * as df from "durable-functions";
import { services } from "../azure/azureServices.ts";
import { cleanUp } from "../upkeep/cleanUp.ts";

df.app.client.timer("cleanUpDaily", { schedule: services().config.cleanUpSchedule, handler: cleanUpDaily });

/** Removes what is older than the retention time. */
async function cleanUpDaily(_timer: Timer, client: DurableClient, context: InvocationContext): Promise<void> {
  const { layout } = services();
  await layout.ensure({ isFresh: true });
  const { histories, tasks, stagedBlobs, problems, unfinished } = await cleanUp(services(), client);
  for (const problem of problems) context.warn(`Could not remove ${problem}`);
  if (unfinished.length > 0) {
    context.warn(`There was no time to remove all ${unfinished.join(" and ")}: the next clean-up goes on`);
  }
  context.info(`Removed ${histories} histories, ${tasks} Batch tasks and ${stagedBlobs} staged blobs`);
}
