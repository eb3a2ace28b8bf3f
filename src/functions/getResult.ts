import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import { services } from "../azure/azureServices.ts";
import { addSeconds } from "../model/time.ts";
import type { ResultLink } from "../model/upload.ts";
import { findPublished } from "../results/published.ts";
import { problem, withConversion } from "./http/answers.ts";
import { apiRoute } from "./http/api.ts";

apiRoute("getResult", { route: "conversions/{id}/result", method: "GET", handler: getResult });

/** A player asks again and again for parts of a long result. */
const READABLE_SECONDS = 30 * 60;

/** Leads to the result of a conversion, straight in storage: the bytes do not pass through the app. */
function getResult(request: HttpRequest, client: DurableClient): Promise<HttpResponseInit> {
  return withConversion(request, client, async (view) => {
    if (view.status !== "succeeded") {
      const what = view.status === "running" ? "it is running" : `it has ended as ${view.status}`;
      return problem(409, "NoResult", `There is no result of conversion ${view.id}: ${what}.`);
    }
    const result = await findPublished(services(), view, "result");
    if (result?.found === undefined) {
      return problem(404, "ResultNotFound", `The result of conversion ${view.id} is no longer there.`);
    }
    if (!result.isOurs) {
      return problem(409, "ResultReplaced", `Another version of ${view.input.name} has replaced the result.`);
    }
    const name = result.address.name.split("/").at(-1) ?? "";
    const isDownload = request.query.get("download") === "1";
    const expiresOn = addSeconds(services().now(), READABLE_SECONDS);
    const url = await services().blobs.readUrl(result.address, expiresOn, isDownload ? name : undefined);
    if (wantsJson(request)) return { jsonBody: { url, expiresAt: expiresOn.toISOString(), name } satisfies ResultLink };
    return { status: 302, headers: { location: url } };
  });
}

/** A page that sends its key in a header does not want that to be sent on to storage, as a redirect would. */
function wantsJson(request: HttpRequest): boolean {
  const accepted = request.headers.get("accept") ?? "";
  return /^application\/json\b/.test(accepted.trim());
}
