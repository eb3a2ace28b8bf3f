import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import * as df from "durable-functions";
import { CANCEL_EVENT } from "../model/conversion.ts";
import { problem, viewResponse, withConversion } from "./http/answers.ts";

df.app.client.http("cancelConversion", {
  route: "conversions/{id}",
  methods: ["DELETE"],
  authLevel: "function",
  handler: cancelConversion,
});

/** Asks a running conversion to end its task and to leave a record that says so; 409 if it has already ended. */
function cancelConversion(request: HttpRequest, client: DurableClient): Promise<HttpResponseInit> {
  return withConversion(request, client, async (view) => {
    if (view.status !== "running") {
      return problem(
        409,
        "ConversionEnded",
        `Conversion ${view.id} cannot be cancelled: it has ended as ${view.status}`,
      );
    }
    await client.raiseEvent(view.id, CANCEL_EVENT, {});
    return viewResponse(202, view);
  });
}
