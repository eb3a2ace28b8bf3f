import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import { services } from "../azure/azureServices.ts";
import { retry } from "../upkeep/retrying.ts";
import { problem, viewResponse, withConversion } from "./http/answers.ts";
import { apiRoute } from "./http/api.ts";
import { conversionIndex } from "./http/conversionIndex.ts";

apiRoute("retryConversion", { route: "conversions/{id}/retry", method: "POST", handler: retryConversion });

/** Runs a failed or cancelled conversion again; 409 for any other. */
function retryConversion(request: HttpRequest, client: DurableClient): Promise<HttpResponseInit> {
  return withConversion(request, client, async (view, instance) => {
    const refusal = await retry(services(), client, view, instance);
    if (refusal !== undefined) {
      return problem(refusal.code === "BatchUnavailable" ? 503 : 409, refusal.code, refusal.detail);
    }
    conversionIndex().forget();
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
