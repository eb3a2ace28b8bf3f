import { ServiceError } from "../serviceError.ts";
import type { Version } from "../timestamp.ts";
import type { Call } from "./call.ts";

/** Thrown where the client already has what it asks for: a 304 is not one of the service's errors. */
export class NotModified extends Error {
  override readonly name = "NotModified";
}

const HEADER_NAMES = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"] as const;
type HeaderName = (typeof HEADER_NAMES)[number];

/** Only these pairs may be combined; the first of each then decides. */
const ALLOWED_PAIRS: readonly (readonly [HeaderName, HeaderName])[] = [
  ["if-none-match", "if-modified-since"],
  ["if-match", "if-unmodified-since"],
];

/**
 * https://learn.microsoft.com/rest/api/batchservice/specifying-conditional-headers-for-batch-service-operations
 * Without an ETag (files have none) only the dates count.
 */
export function checkConditions(
  call: Call,
  version: { eTag?: string; lastModified: string },
  access: "read" | "write",
): void {
  const given = HEADER_NAMES.filter((name) => call.headers[name] !== undefined);
  if (given.length === 0) return;
  const decisive = decisiveHeader(given);
  if (isMet(decisive, String(call.headers[decisive]), version)) return;
  const isUpToDate = decisive === "if-none-match" || decisive === "if-modified-since";
  if (access === "read" && isUpToDate) throw new NotModified();
  throw new ServiceError("ConditionNotMet");
}

/** For changes: the conditions apply to the version before the change. */
export function checkWrite(call: Call, version: Version): void {
  checkConditions(call, version, "write");
}

function decisiveHeader(given: readonly HeaderName[]): HeaderName {
  const [first, second] = given;
  if (first !== undefined && given.length === 1) return first;
  const pair = ALLOWED_PAIRS.find((names) => given.length === 2 && names.every((name) => given.includes(name)));
  if (pair === undefined || second === undefined) throw new ServiceError("MultipleConditionHeadersNotSupported");
  return pair[0];
}

function isMet(name: HeaderName, value: string, version: { eTag?: string; lastModified: string }): boolean {
  switch (name) {
    case "if-match":
      return version.eTag === undefined || matchesTag(value, version.eTag);
    case "if-none-match":
      return version.eTag === undefined || !matchesTag(value, version.eTag);
    case "if-modified-since":
      return seconds(version.lastModified) > parseDate(name, value);
    case "if-unmodified-since":
      return seconds(version.lastModified) <= parseDate(name, value);
  }
}

function matchesTag(value: string, eTag: string): boolean {
  return value.split(",").some((one) => {
    const tag = one
      .trim()
      .replace(/^W\//, "")
      .replace(/^"(.*)"$/, "$1");
    return tag === "*" || tag === eTag;
  });
}

/** HTTP dates have no fractions, so the version is compared without its own. */
function seconds(time: string): number {
  return Math.floor(Date.parse(time) / 1000);
}

function parseDate(name: HeaderName, value: string): number {
  const ms = Date.parse(value);
  if (!Number.isNaN(ms)) return Math.floor(ms / 1000);
  throw new ServiceError("InvalidHeaderValue", {
    values: [
      { key: "HeaderName", value: name },
      { key: "HeaderValue", value },
    ],
  });
}
