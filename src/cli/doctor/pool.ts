import type { BatchServiceClient, BatchServiceModels } from "@azure/batch";
import { explainAutoscale } from "../../azure/batch/explainAutoscale.ts";
import { requireIdentity } from "../../azure/batch/poolIdentity.ts";
import { noticesOfFixedProperties, noticesOfUnmarkedPool } from "../../azure/batch/poolNotices.ts";
import { readMarks } from "../../azure/batch/poolMarks.ts";
import { unlessMissing } from "../../azure/batch/retrying.ts";
import type { BatchSettings } from "../../batchSettings.ts";
import { BatchError } from "../../model/errors.ts";
import type { Finding } from "./finding.ts";
import { ok, warning, wrong } from "./finding.ts";

/** Whether there is a pool as the settings want it, and what keeps it from growing. */
export async function checkPool(client: BatchServiceClient, settings: BatchSettings): Promise<Finding[]> {
  const { poolId } = settings;
  const what = `pool ${poolId}`;
  const pool = await unlessMissing(`read pool ${poolId}`, () => client.pool.get(poolId));
  const lacksIdentity = identityProblem(pool, settings);
  if (pool === undefined) {
    if (lacksIdentity === undefined) return [ok(what, "not there yet: the first conversion makes it")];
    return [wrong(what, lacksIdentity, "Run `azd provision`, which makes it.")];
  }
  if (pool.state === "deleting") {
    return [
      wrong(what, "it is being deleted", "Wait until it is gone; then the app, or `azd provision`, makes another."),
    ];
  }
  const differences = readMarks(pool.metadata) === undefined ? noticesOfUnmarkedPool(pool) : [];
  const trouble = [
    ...(lacksIdentity === undefined ? [] : [wrong(what, lacksIdentity)]),
    ...(pool.resizeErrors ?? []).map((error) => resizeFinding(what, error)),
    ...autoscaleFindings(what, pool),
    ...[...differences, ...noticesOfFixedProperties(settings, pool)].map((notice) => warning(what, notice)),
  ];
  return trouble.length > 0 ? trouble : [ok(what, describe(pool))];
}

function identityProblem(pool: BatchServiceModels.CloudPool | undefined, settings: BatchSettings): string | undefined {
  try {
    requireIdentity(pool, settings);
    return undefined;
  } catch (error) {
    if (error instanceof BatchError) return error.message;
    throw error;
  }
}

function resizeFinding(
  what: string,
  { code = "Unknown", message = "no details" }: BatchServiceModels.ResizeError,
): Finding {
  const hint = code.endsWith("QuotaReached")
    ? "Request more cores in the portal: Batch account, Quotas; or lower BATCH_MAX_NODES."
    : "If that lasts, choose another VM size, or dedicated nodes beside the spot nodes: BATCH_DEDICATED_PERCENT.";
  return wrong(what, `it cannot become larger: ${code}: ${message}`, hint);
}

/** A pool without measurements is idle or new, and nothing is wrong with it. */
function autoscaleFindings(what: string, pool: BatchServiceModels.CloudPool): Finding[] {
  const { error } = pool.autoScaleRun ?? {};
  const text = explainAutoscale(pool);
  if (error === undefined || text === undefined || error.code === "InsufficientSampleData") return [];
  return [wrong(what, text, "Restart the app, which gives the pool its formula, or set the pool's formula yourself.")];
}

function describe(pool: BatchServiceModels.CloudPool): string {
  const { vmSize = "", currentDedicatedNodes = 0, currentLowPriorityNodes = 0, enableAutoScale } = pool;
  const nodes = `${currentDedicatedNodes} dedicated and ${currentLowPriorityNodes} spot nodes of ${vmSize}`;
  return `${nodes}, ${enableAutoScale === true ? "it follows its queue" : "of a fixed size"}`;
}
