import type { InvocationContext, Timer } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import * as df from "durable-functions";
import { services } from "../azure/azureServices.ts";
import { endMessage } from "../model/conversionLog.ts";
import { sweep } from "../upkeep/sweep.ts";
import { settleOrphans } from "../upkeep/orphans.ts";

df.app.client.timer("sweepInput", { schedule: services().config.sweepSchedule, handler: sweepInput });

/** Catches uploads whose event was lost, or came while nothing listened, and orchestrations that were terminated. */
async function sweepInput(_timer: Timer, client: DurableClient, context: InvocationContext): Promise<void> {
  const { layout } = services();
  await layout.ensure({ isFresh: true });
  const orphans = await settleOrphans(services(), client).catch((error: unknown) => ({
    ended: [],
    handedOver: [],
    problems: [`terminated conversions: ${String(error)}`],
  }));
  for (const end of orphans.ended) context.info(endMessage(end));
  if (orphans.handedOver.length > 0) {
    context.info(`Went on with ${orphans.handedOver.length} conversions that another version of the app had begun`);
  }
  const { conversions, started, problems, roundBeganAt, isRoundComplete } = await sweep(services(), client);
  services().metrics.countFoundBySweep(started.length);
  for (const problem of [...orphans.problems, ...problems]) context.warn(`Could not check ${problem}`);
  const round = `the round that began at ${roundBeganAt.toISOString()}`;
  const seen = `Swept ${conversions} conversions${isRoundComplete ? "" : `; the next sweep goes on with ${round}`}`;
  if (started.length > 0) context.info(`${seen}. Started ${started.length}: ${started.slice(0, 10).join(", ")}`);
  else context.debug(`${seen}. All are recorded or known`);
}
