import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import * as df from "durable-functions";
import { services } from "../azure/azureServices.ts";
import { ServiceError } from "../model/errors.ts";
import { contentsOf } from "../orchestrations/contract.ts";
import { endTasks } from "../upkeep/endTasks.ts";
import { isCompleted } from "../upkeep/runtimeStates.ts";
import { patienceSecondsOf, startConversion } from "../upkeep/instances.ts";
import { WORKLOADS } from "../workloads/index.ts";
import { problem, viewResponse, withConversion } from "./http/answers.ts";

df.app.client.http("retryConversion", {
  route: "conversions/{id}/retry",
  methods: ["POST"],
  authLevel: "function",
  handler: retryConversion,
});

/** Runs a failed or cancelled conversion again, as new attempts under the same id; 409 for any other. */
function retryConversion(request: HttpRequest, client: DurableClient): Promise<HttpResponseInit> {
  return withConversion(request, client, async (view, instance) => {
    if (view.status !== "failed" && view.status !== "cancelled") {
      const what = view.status === "running" ? "it is running" : `it has ended as ${view.status}`;
      return problem(409, "ConversionNotFailed", `Conversion ${view.id} cannot be retried: ${what}`);
    }
    if (!WORKLOADS.some(({ name }) => name === view.workload)) {
      const detail = `Conversion ${view.id} is of workload "${view.workload}", which this app does not have`;
      return problem(409, "UnknownWorkload", detail);
    }
    // Two tasks of one conversion must not run side by side. An orchestration that has completed has seen to that.
    if (!isCompleted(instance)) {
      try {
        await endTasks(services(), instance);
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        const detail = `The task of the run before cannot be ended, so nothing was started. Try again. ${error.message}`;
        return problem(503, "BatchUnavailable", detail);
      }
    }
    const startedAt = view.record?.times.startedAt ?? contentsOf(instance).input.startedAt ?? view.createdAt;
    await startConversion(client, view.id, {
      workload: view.workload,
      source: view.input,
      firstAttempt: view.attempt + 1,
      patienceSeconds: patienceSecondsOf(services()),
      startedAt,
    });
    return viewResponse(202, {
      ...view,
      status: "running",
      phase: "preparing",
      waitReason: null,
      waitingSince: null,
      record: null,
    });
  });
}
