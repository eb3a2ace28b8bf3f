import type { HttpRequest, HttpResponseInit } from "@azure/functions";
import type { DurableClient } from "durable-functions";
import { services } from "../azure/azureServices.ts";
import type { ConversionList } from "../model/conversionList.ts";
import { listConversions } from "../upkeep/listConversions.ts";
import { apiRoute } from "./http/api.ts";
import { conversionIndex } from "./http/conversionIndex.ts";
import {
  goingOn,
  readCode,
  readContinuation,
  readLimit,
  readSince,
  readStatuses,
  writeContinuation,
} from "./http/filters.ts";

apiRoute("listConversions", { route: "conversions", method: "GET", handler: list });

/** The conversions that fit, the newest first, and how many there are of each status. */
async function list(request: HttpRequest, client: DurableClient): Promise<HttpResponseInit> {
  const { query } = request;
  const place = readContinuation(query.get("continuation"));
  const asked = {
    statuses: readStatuses(query.get("status")),
    code: readCode(query.get("code")),
    prefix: query.get("prefix") ?? undefined,
    since: readSince(query.get("since")),
    limit: readLimit(query.get("limit")),
    place,
  };
  const page = await goingOn(place, listConversions(services(), client, conversionIndex(), asked));
  const { next, ...shown } = page;
  return { jsonBody: { ...shown, continuation: writeContinuation(next) } satisfies ConversionList };
}
