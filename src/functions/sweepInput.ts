import type { InvocationContext, Timer } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import * as df from "durable-functions";
import { services } from "../azure/azureServices.ts";
import { sweep } from "../upkeep/sweep.ts";

df.app.client.timer("sweepInput", { schedule: services().config.sweepSchedule, handler: sweepInput });

/** Catches uploads whose event was lost, or came while nothing listened. */
async function sweepInput(_timer: Timer, client: DurableClient, context: InvocationContext): Promise<void> {
  const { layout } = services();
  await layout.ensure({ isFresh: true });
  const { conversions, started, problems, isComplete } = await sweep(services(), client);
  for (const problem of problems) context.warn(`Could not check ${problem}`);
  const seen = `Swept ${conversions} conversions${isComplete ? "" : " before time ran out"}`;
  if (started.length > 0) context.info(`${seen} and started ${started.length}: ${started.slice(0, 10).join(", ")}`);
  else context.debug(`${seen}: all are recorded or known`);
}
