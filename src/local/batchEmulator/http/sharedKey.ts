import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { parseQuery } from "./query.ts";

export interface SignedRequest {
  readonly method: string;
  /** Path and query as they arrived, still percent-encoded. */
  readonly rawUrl: string;
  readonly headers: IncomingHttpHeaders;
  readonly bodyLength: number;
}

/**
 * What a client signs. https://learn.microsoft.com/rest/api/batchservice/authenticate-requests-to-the-azure-batch-service
 * The newline stands before each query parameter and not behind it, whatever that page's rule says: its example and
 * all clients do it so.
 */
export function stringToSign(request: SignedRequest, account: string, path = rawPath(request.rawUrl)): string {
  const { method, headers, bodyLength } = request;
  const header = (name: string): string => String(headers[name] ?? "");
  // An empty body is signed as "0" with POST and as nothing with all other verbs.
  const length = bodyLength > 0 ? String(bodyLength) : method === "POST" ? "0" : "";
  const canonicalHeaders = Object.keys(headers)
    .filter((name) => name.startsWith("ocp-"))
    .sort()
    .map((name) => `${name}:${header(name).trim()}\n`)
    .join("");
  const parameters = [...parseQuery(request.rawUrl)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `\n${name}:${value}`)
    .join("");
  return [
    method,
    header("content-encoding"),
    header("content-language"),
    length,
    header("content-md5"),
    header("content-type"),
    header("date"),
    header("if-modified-since"),
    header("if-match"),
    header("if-none-match"),
    header("if-unmodified-since"),
    header("range"),
    `${canonicalHeaders}/${account}${path}${parameters}`,
  ].join("\n");
}

export function signatureOf(text: string, key: string): string {
  return createHmac("sha256", Buffer.from(key, "base64")).update(text, "utf8").digest("base64");
}

export function isSignedWith(
  request: SignedRequest,
  account: string,
  keys: readonly string[],
  signature: string,
): boolean {
  const path = rawPath(request.rawUrl);
  // Some clients sign an apostrophe and then send %27.
  const paths = path.includes("%27") ? [path, path.replaceAll("%27", "'")] : [path];
  return paths.some((candidate) => {
    const text = stringToSign(request, account, candidate);
    return keys.some((key) => isEqual(signatureOf(text, key), signature));
  });
}

function rawPath(rawUrl: string): string {
  return rawUrl.split("?")[0] ?? "";
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
