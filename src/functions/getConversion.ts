import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import { viewResponse, withConversion } from "./http/answers.ts";
import { apiRoute } from "./http/api.ts";

apiRoute("getConversion", { route: "conversions/{id}", method: "GET", handler: getConversion });

/** Where a conversion stands, and its record when there is one. */
function getConversion(request: HttpRequest, client: DurableClient): Promise<HttpResponseInit> {
  return withConversion(request, client, (view) => viewResponse(200, view));
}
