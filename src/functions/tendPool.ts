import type { InvocationContext, Timer } from "@azure/functions";
import { app } from "@azure/functions";
import { services } from "../azure/azureServices.ts";
import { tendPool } from "../upkeep/tendPool.ts";

const { batch, tendPoolSchedule } = services().config;

if (batch.repairNodes) app.timer("tendPool", { schedule: tendPoolSchedule, handler: tendOurPool });

/** Looks after the nodes of the pool. What fails here is tried again at the next time. */
async function tendOurPool(_timer: Timer, context: InvocationContext): Promise<void> {
  for (const done of await tendPool(services())) context.warn(done);
}
