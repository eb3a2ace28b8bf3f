import type { InstanceSummary } from "../durable/instances.ts";

interface InstanceFilter {
  readonly createdTimeFrom?: number;
  readonly createdTimeTo?: number;
  readonly runtimeStatus?: readonly string[];
  readonly instanceIdPrefix?: string;
  readonly top: number;
}

interface InstancePage {
  readonly instances: readonly InstanceSummary[];
  /** Empty after the last page. */
  readonly continuationToken: string;
}

const DEFAULT_PAGE_SIZE = 100;
const STATUSES = [
  "Running",
  "Completed",
  "ContinuedAsNew",
  "Failed",
  "Canceled",
  "Terminated",
  "Pending",
  "Suspended",
  "Unknown",
];

/** What cannot be read counts as not given, as on Azure. */
export function readFilter(query: Readonly<Record<string, string>>): InstanceFilter {
  const createdTimeFrom = readTime(query["createdTimeFrom"]);
  const createdTimeTo = readTime(query["createdTimeTo"]);
  const { instanceIdPrefix } = query;
  const runtimeStatus = (query["runtimeStatus"] ?? "").split(",").flatMap((text) => readStatus(text.trim()) ?? []);
  return {
    top: readPageSize(query["top"]),
    ...(createdTimeFrom === undefined ? {} : { createdTimeFrom }),
    ...(createdTimeTo === undefined ? {} : { createdTimeTo }),
    ...(runtimeStatus.length === 0 ? {} : { runtimeStatus }),
    ...(instanceIdPrefix === undefined ? {} : { instanceIdPrefix }),
  };
}

/** Milliseconds since 1970. */
export function readTime(text: string | undefined): number | undefined {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? undefined : time;
}

export function readPageSize(text: string | undefined): number {
  const size = Number(text);
  return text === undefined || text.trim() === "" || !Number.isInteger(size) ? DEFAULT_PAGE_SIZE : size;
}

/** One that this host never gives is a status all the same. */
function readStatus(text: string): string | undefined {
  return STATUSES.find((status) => status.toLowerCase() === text.toLowerCase());
}

/**
 * In the order of ids: a token names the last id of its page, so the next page is right whatever has been added since.
 */
export function findInstances(
  all: Iterable<InstanceSummary>,
  filter: InstanceFilter,
  continuationToken: string,
): InstancePage {
  const after = continuationToken === "" ? "" : Buffer.from(continuationToken, "base64url").toString("utf8");
  const matching = [...all].filter((instance) => instance.id > after && matches(instance, filter));
  const instances = matching.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, filter.top);
  const last = instances.at(-1);
  const isLast = instances.length === matching.length || last === undefined;
  return { instances, continuationToken: isLast ? "" : Buffer.from(last.id).toString("base64url") };
}

function matches(instance: InstanceSummary, filter: InstanceFilter): boolean {
  const createdAt = Date.parse(instance.createdAt);
  const statuses = filter.runtimeStatus;
  return (
    createdAt >= (filter.createdTimeFrom ?? 0) &&
    createdAt <= (filter.createdTimeTo ?? Number.MAX_SAFE_INTEGER) &&
    (statuses === undefined || statuses.includes(instance.status)) &&
    instance.id.startsWith(filter.instanceIdPrefix ?? "")
  );
}
