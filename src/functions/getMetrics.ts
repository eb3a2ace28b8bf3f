import type { HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import { services } from "../azure/azureServices.ts";
import { METRICS_TYPE } from "../metrics.ts";
import { inTime } from "../durableClient.ts";
import { apiRoute } from "./http/api.ts";

apiRoute("getMetrics", { route: "metrics", method: "GET", handler: getMetrics });

/** Prometheus gives up after 10 seconds by default. */
const LOOK_BOUND_MS = 3_000;

/** What this process has counted, for Prometheus. A Batch that does not answer is only told of: its gauges are left out. */
async function getMetrics(
  _request: HttpRequest,
  _client: DurableClient,
  context: InvocationContext,
): Promise<HttpResponseInit> {
  const { batch, metrics } = services();
  const look = inTime("counted nodes and tasks", LOOK_BOUND_MS, batch.readLoad(), "Azure Batch");
  const load = await look.catch((error: unknown) => {
    context.warn(`The metrics lack those of Azure Batch: ${String(error)}`);
    return undefined;
  });
  const headers = { "content-type": METRICS_TYPE, "cache-control": "no-store" };
  return { status: 200, headers, body: await metrics.text(load) };
}
