import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import * as df from "durable-functions";
import type { ConversionView } from "../conversion.ts";
import { problem } from "../http.ts";
import { findInstance } from "../instances.ts";
import type { ConversionInput, ConversionResult } from "../orchestrations/convertVideo.ts";
import type { ConversionProgress } from "../orchestrations/status.ts";

df.app.client.http("getConversion", {
  route: "conversions/{id}",
  methods: ["GET"],
  authLevel: "function",
  handler: getConversion,
});

const POLL_AFTER_SECONDS = "1";

/** Where a conversion stands, and its record when there is one. 404 for an id that was never started. */
export async function getConversion(request: HttpRequest, client: DurableClient): Promise<HttpResponseInit> {
  const id = request.params["id"] ?? "";
  const instance = /^[0-9a-f]{32}$/.test(id) ? await findInstance(client, id) : undefined;
  if (instance === undefined) {
    return problem(
      404,
      "ConversionNotFound",
      `There is no conversion "${id}". An id is made of 32 hexadecimal digits.`,
    );
  }
  const view = viewOf(id, instance);
  return {
    headers: { "cache-control": "no-store", ...(view.status === "running" && { "retry-after": POLL_AFTER_SECONDS }) },
    jsonBody: view,
  };
}

function viewOf(id: string, instance: DurableOrchestrationStatus): ConversionView {
  const { source } = instance.input as ConversionInput;
  const progress = instance.customStatus as ConversionProgress | null;
  const result = instance.output as ConversionResult | null;
  const status = statusOf(instance.runtimeStatus, result);
  return {
    id,
    status,
    phase: status === "running" ? (progress?.phase ?? "preparing") : "finished",
    percent: progress?.percent ?? null,
    waitReason: progress?.waitReason ?? null,
    input: source,
    attempt: progress?.attempt ?? 1,
    createdAt: instance.createdTime.toISOString(),
    updatedAt: instance.lastUpdatedTime.toISOString(),
    record: (status === "succeeded" || status === "failed") && result ? result.record : null,
  };
}

function statusOf(state: df.OrchestrationRuntimeStatus, result: ConversionResult | null): ConversionView["status"] {
  const { Completed, Failed, Terminated, Canceled } = df.OrchestrationRuntimeStatus;
  if (state === Completed) return result?.outcome ?? "failed";
  if (state === Failed) return "failed";
  return state === Terminated || state === Canceled ? "cancelled" : "running";
}
