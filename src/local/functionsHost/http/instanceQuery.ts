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

/** A filter, or a sentence that says what is wrong with the query. */
export function readFilter(query: Readonly<Record<string, string>>): InstanceFilter | string {
  for (const name of ["createdTimeFrom", "createdTimeTo"] as const) {
    if (query[name] !== undefined && Number.isNaN(Date.parse(query[name]))) {
      return `${name} is not a time: "${query[name]}"`;
    }
  }
  const top = query["top"] === undefined ? DEFAULT_PAGE_SIZE : Number(query["top"]);
  if (!Number.isInteger(top) || top < 1) return `top must be a whole number from 1, not "${query["top"]}"`;
  const { createdTimeFrom, createdTimeTo, runtimeStatus, instanceIdPrefix } = query;
  return {
    top,
    ...(createdTimeFrom === undefined ? {} : { createdTimeFrom: Date.parse(createdTimeFrom) }),
    ...(createdTimeTo === undefined ? {} : { createdTimeTo: Date.parse(createdTimeTo) }),
    ...(runtimeStatus === undefined ? {} : { runtimeStatus: runtimeStatus.split(",") }),
    ...(instanceIdPrefix === undefined ? {} : { instanceIdPrefix }),
  };
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
    (statuses === undefined || statuses.some((status) => status.toLowerCase() === instance.status.toLowerCase())) &&
    instance.id.startsWith(filter.instanceIdPrefix ?? "")
  );
}
