import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import type { ConversionView } from "../model/conversion.ts";
import { ServiceError } from "../model/errors.ts";
import { services } from "../azure/azureServices.ts";
import { cancel } from "../upkeep/cancelling.ts";
import { problem, viewResponse, withConversion } from "./http/answers.ts";
import { apiRoute } from "./http/api.ts";

apiRoute("cancelConversion", { route: "conversions/{id}", method: "DELETE", handler: cancelConversion });

/**
 * Asks a running conversion to end its task and to leave a record that says so; 409 if it has ended, or is about to. The
 * record has the last word: between our look and the request, the conversion may go on.
 */
function cancelConversion(request: HttpRequest, client: DurableClient): Promise<HttpResponseInit> {
  return withConversion(request, client, async (view, instance) => {
    const tooLate = whyTooLate(view);
    if (tooLate !== undefined) {
      return problem(409, "ConversionEnded", `Conversion ${view.id} cannot be cancelled: ${tooLate}`);
    }
    try {
      await cancel(services(), client, instance);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      return problem(503, "ServiceUnavailable", `The conversion cannot be cancelled now. Try again. ${error.message}`);
    }
    return viewResponse(202, view);
  });
}

/** What is being published cannot be called back, unless that has to wait. */
function whyTooLate({ status, phase, waitReason }: ConversionView): string | undefined {
  if (status !== "running") return `it has ended as ${status}`;
  if (phase === "finished") return "its record is written";
  return phase === "publishing" && waitReason === null ? "its result is being published" : undefined;
}
