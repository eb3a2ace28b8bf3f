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

/** Where clients differ in what they sign for the same request. */
interface Variant {
  readonly path: string;
  readonly length: string;
  readonly date: string;
  readonly hasLowerCaseNames: boolean;
}

/**
 * What a client signs. https://learn.microsoft.com/rest/api/batchservice/authenticate-requests-to-the-azure-batch-service
 * The newline comes before each query parameter, not after it as that page's rule says: its example and all clients
 * put it there.
 */
export function stringToSign(request: SignedRequest, account: string): string {
  const [documented] = variantsOf(request);
  return textOf(request, account, documented);
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
  const accounts = new Set([account, account.toLowerCase()]);
  return variantsOf(request).some((variant) =>
    [...accounts].some((name) => {
      const text = textOf(request, name, variant);
      return keys.some((key) => isEqual(signatureOf(text, key), signature));
    }),
  );
}

/** The documented one first; the others are what libraries for other languages do. */
function variantsOf({ method, rawUrl, headers, bodyLength }: SignedRequest): [Variant, ...Variant[]] {
  const path = rawUrl.split("?")[0] ?? "";
  const emptyLength = method === "POST" ? "0" : "";
  const documented: Variant = {
    path,
    length: bodyLength > 0 ? String(bodyLength) : emptyLength,
    date: String(headers.date ?? ""),
    hasLowerCaseNames: false,
  };
  // An apostrophe is signed as such and sent as %27.
  const paths = path.includes("%27") ? [path, path.replaceAll("%27", "'")] : [path];
  // An empty body is signed as "0" with POST only, or as its header says, or as nothing.
  const lengths = bodyLength > 0 ? [documented.length] : ["0", ""];
  // With ocp-date the Date header is ignored.
  const dates = documented.date === "" || headers["ocp-date"] === undefined ? [documented.date] : [documented.date, ""];
  const others = paths.flatMap((otherPath) =>
    lengths.flatMap((length) =>
      dates.flatMap((date) =>
        [false, true].map((hasLowerCaseNames) => ({ path: otherPath, length, date, hasLowerCaseNames })),
      ),
    ),
  );
  return [documented, ...others];
}

function textOf(request: SignedRequest, account: string, variant: Variant): string {
  const { method, headers, rawUrl } = request;
  const header = (name: string): string => String(headers[name] ?? "");
  const canonicalHeaders = Object.keys(headers)
    .filter((name) => name.startsWith("ocp-"))
    .sort()
    .map((name) => `${name}:${header(name).trim()}\n`)
    .join("");
  const parameters = [...parseQuery(rawUrl)]
    .map(([name, value]) => [variant.hasLowerCaseNames ? name.toLowerCase() : name, value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `\n${name}:${value}`)
    .join("");
  return [
    method,
    header("content-encoding"),
    header("content-language"),
    variant.length,
    header("content-md5"),
    header("content-type"),
    variant.date,
    header("if-modified-since"),
    header("if-match"),
    header("if-none-match"),
    header("if-unmodified-since"),
    header("range"),
    `${canonicalHeaders}/${account}${variant.path}${parameters}`,
  ].join("\n");
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
