import type { InvocationContext, Timer } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import * as df from "durable-functions";
import { services } from "../azure/azureServices.ts";
import { sweep } from "../upkeep/sweep.ts";

df.app.client.timer("sweepInput", { schedule: services().config.sweepSchedule, handler: sweepInput });

/** The second look for uploads whose event was lost, or came while nobody listened. */
export async function sweepInput(_timer: Timer, client: DurableClient, context: InvocationContext): Promise<void> {
  const { layout } = services();
  await layout.ensure({ isFresh: true });
  const { videos, started, isComplete } = await sweep(services(), client);
  const seen = `Swept ${videos} videos${isComplete ? "" : " before the time was up"}`;
  if (started.length > 0) context.info(`${seen} and started ${started.length}: ${started.slice(0, 10).join(", ")}`);
  else context.debug(`${seen}: all are converted or known`);
}
