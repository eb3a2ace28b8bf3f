import { propertiesMissingIn } from "../apiVersions.ts";
import { LIMITS } from "../limits.ts";
import { ServiceError, invalidQuery } from "../serviceError.ts";
import type { Call, Reply } from "./call.ts";
import type { Fields } from "./fields.ts";
import { parseFilter } from "./filter.ts";
import type { Predicate } from "./filter.ts";
import { viewInVersion } from "./versioning.ts";

interface Listed<Item> {
  readonly items: Iterable<Item>;
  /** Grows from item to item; the next page begins after the last one listed. */
  readonly position: (item: Item) => number;
  readonly view: (item: Item) => object;
  /** Some properties of a view that takes long to make: items that the filter refuses for those get none. */
  readonly outline?: (item: Item) => object | undefined;
  readonly fields: Fields;
  /** What `odata.metadata` calls the list. */
  readonly kind: string;
  readonly maxResults?: number;
}

/** One page: filtered, reduced to what was selected, with an absolute link to the next. */
export function listReply<Item>(call: Call, list: Listed<Item>): Reply {
  const limit = readMaxResults(call, list.maxResults ?? LIMITS.MAX_RESULTS);
  const filter = call.query.get("$filter");
  const isWanted: Predicate =
    filter === undefined || filter.trim() === "" ? () => true : parseFilter(filter, list.fields.filter);
  const select = readSelect(call, list.fields);
  const after = readSkipToken(call);

  const value: object[] = [];
  let last = 0;
  let hasMore = false;
  for (const item of list.items) {
    const position = list.position(item);
    if (position <= after) continue;
    const outline = list.outline?.(item);
    if (outline !== undefined && !isWanted(outline, true)) continue;
    const view = list.view(item);
    if (!isWanted(view)) continue;
    if (value.length === limit) {
      hasMore = true;
      break;
    }
    value.push(select(view));
    last = position;
  }
  return {
    status: 200,
    body: {
      "odata.metadata": `${call.baseUrl}/$metadata#${list.kind}`,
      value,
      ...(hasMore && { "odata.nextLink": nextLink(call, last) }),
    },
  };
}

/** A single entity as the version of the request has it, reduced to what was selected. */
export function selectView(call: Call, view: object, fields: Fields): object {
  return readSelect(call, fields)(view);
}

export function wantsStats(call: Call): boolean {
  const expand = call.query.get("$expand");
  if (expand === undefined || expand === "") return false;
  if (expand.trim().toLowerCase() === "stats") return true;
  throw invalidQuery("$expand", expand, "Only stats can be expanded");
}

function readSelect(call: Call, fields: Fields): (view: object) => object {
  const show = viewInVersion(call.version, fields.entity);
  const text = call.query.get("$select");
  if (text === undefined || text.trim() === "") return show;
  const names = text.split(",").map((name) => name.trim());
  const missing = fields.entity === undefined ? [] : propertiesMissingIn(call.version, fields.entity);
  const wrong = names.find((name) => !fields.select.includes(name) || missing.includes(name));
  if (wrong !== undefined) throw invalidQuery("$select", text, `"${wrong}" is not a property that can be selected`);
  return (view) => Object.fromEntries(Object.entries(show(view)).filter(([name]) => isKept(name, names)));
}

/** The service includes a node's image even when only other properties were selected. */
function isKept(name: string, names: readonly string[]): boolean {
  return names.includes(name) || name === "virtualMachineInfo";
}

function readMaxResults(call: Call, max: number): number {
  const text = call.query.get("maxresults");
  if (text === undefined) return max;
  const value = Number(text);
  if (!/^-?\d+$/.test(text)) throw invalidQuery("maxresults", text, "Must be a whole number");
  if (value < 1) throw invalidQuery("maxresults", text, "MaxResults cannot be less than 1");
  if (value > max) {
    throw new ServiceError("OutOfRangeQueryParameterValue", {
      values: [
        { key: "QueryParameterName", value: "maxresults" },
        { key: "QueryParameterValue", value: text },
        { key: "MinimumAllowed", value: "1" },
        { key: "MaximumAllowed", value: String(max) },
      ],
    });
  }
  return value;
}

const TOKEN_PREFIX = "WATV2:";

function readSkipToken(call: Call): number {
  const text = call.query.get("$skiptoken");
  if (text === undefined) return 0;
  const position = Number(text.startsWith(TOKEN_PREFIX) ? text.slice(TOKEN_PREFIX.length) : Number.NaN);
  if (!Number.isInteger(position)) throw invalidQuery("$skiptoken", text, "Was not issued by this server");
  return position;
}

function nextLink(call: Call, position: number): string {
  const [path = "", query = ""] = call.rawUrl.split("?");
  const kept = query.split("&").filter((part) => part !== "" && !/^(?:\$|%24)skiptoken=/i.test(part));
  return `${call.baseUrl}${path}?$skiptoken=${TOKEN_PREFIX}${position}${kept.map((part) => `&${part}`).join("")}`;
}
