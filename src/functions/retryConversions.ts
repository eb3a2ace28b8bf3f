import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import { services } from "../azure/azureServices.ts";
import type { RetriedConversions } from "../model/conversionList.ts";
import { retryAll } from "../upkeep/retryAll.ts";
import { apiRoute } from "./http/api.ts";
import { conversionIndex } from "./http/conversionIndex.ts";
import { goingOn, readCode, readContinuation, readSince, writeContinuation } from "./http/filters.ts";
import { readJsonObject, textIn } from "./http/jsonBody.ts";

apiRoute("retryConversions", { route: "conversions/retry", method: "POST", handler: retryConversions });

/** Runs failed conversions again: those that fit the filter, some at a time. */
async function retryConversions(request: HttpRequest, client: DurableClient): Promise<HttpResponseInit> {
  const body = await readJsonObject(request, ["code", "prefix", "since", "continuation"]);
  const filter = {
    code: readCode(textIn(body, "code")),
    prefix: textIn(body, "prefix"),
    since: readSince(textIn(body, "since")),
  };
  const place = readContinuation(textIn(body, "continuation"));
  const all = await goingOn(place, retryAll(services(), client, conversionIndex(), filter, place));
  const { next, ...retried } = all;
  return { status: 202, jsonBody: { ...retried, continuation: writeContinuation(next) } satisfies RetriedConversions };
}
