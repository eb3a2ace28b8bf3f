import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import * as df from "durable-functions";
import { viewResponse, withConversion } from "./http/answers.ts";

df.app.client.http("getConversion", {
  route: "conversions/{id}",
  methods: ["GET"],
  authLevel: "function",
  handler: getConversion,
});

/** Where a conversion stands, and its record when there is one. */
function getConversion(request: HttpRequest, client: DurableClient): Promise<HttpResponseInit> {
  return withConversion(request, client, (view) => viewResponse(200, view));
}
