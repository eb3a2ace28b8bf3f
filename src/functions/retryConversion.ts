import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import * as df from "durable-functions";
import { startConversion } from "../upkeep/starting.ts";
import { problem, viewResponse, withConversion } from "./http/answers.ts";

df.app.client.http("retryConversion", {
  route: "conversions/{id}/retry",
  methods: ["POST"],
  authLevel: "function",
  handler: retryConversion,
});

/** Runs a failed or cancelled conversion again, as new attempts under the same id; 409 for any other. */
function retryConversion(request: HttpRequest, client: DurableClient): Promise<HttpResponseInit> {
  return withConversion(request, client, async (view) => {
    if (view.status !== "failed" && view.status !== "cancelled") {
      const what = view.status === "running" ? "it is running" : `it has ended as ${view.status}`;
      return problem(409, "ConversionNotFailed", `Conversion ${view.id} cannot be retried: ${what}`);
    }
    const startedAt = view.record?.times.startedAt ?? view.createdAt;
    await startConversion(client, view.id, {
      workload: view.workload,
      source: view.input,
      firstAttempt: view.attempt + 1,
      startedAt,
    });
    return viewResponse(202, { ...view, status: "running", phase: "preparing", record: null });
  });
}
