import type { RpcHttpCookie, RpcHttpResponse, RpcTypedData } from "../worker/rpc.ts";

/** In the protocol, `none` means that the cookie has no such attribute. */
const SAME_SITE: Readonly<Record<string, string>> = { lax: "lax", strict: "strict", explicitNone: "none" };
/** Statuses whose answers must not have a body. */
export const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

export function toHttpResponse(rpc: RpcHttpResponse | undefined): Response {
  if (rpc === undefined) return new Response(null, { status: 204 });
  const status = Number(rpc.statusCode ?? 200);
  const headers = new Headers(rpc.headers);
  for (const cookie of rpc.cookies ?? []) headers.append("set-cookie", cookieText(cookie));
  const body = BODILESS.has(status) ? null : bytesOf(rpc.body);
  return new Response(body, { status, headers });
}

function bytesOf(body: RpcTypedData | null | undefined): Uint8Array<ArrayBuffer> | string | null {
  if (body?.bytes !== undefined) return new Uint8Array(body.bytes);
  return body?.string ?? body?.json ?? null;
}

/** In the order and the words of ASP.NET, which the real host is built on. */
function cookieText(cookie: RpcHttpCookie): string {
  const parts = [`${cookie.name}=${encodeURIComponent(cookie.value)}`];
  if (cookie.expires !== undefined) parts.push(`expires=${expiry(cookie.expires.value)}`);
  if (cookie.maxAge !== undefined) parts.push(`max-age=${cookie.maxAge.value}`);
  if (cookie.domain !== undefined) parts.push(`domain=${cookie.domain.value}`);
  parts.push(`path=${cookie.path?.value ?? "/"}`);
  if (cookie.secure?.value === true) parts.push("secure");
  const sameSite = SAME_SITE[cookie.sameSite ?? ""];
  if (sameSite !== undefined) parts.push(`samesite=${sameSite}`);
  if (cookie.httpOnly?.value === true) parts.push("httponly");
  return parts.join("; ");
}

/** In the protocol a time is in seconds since 1970, with their fraction apart. */
function expiry(value: unknown): string {
  const seconds =
    typeof value === "object" && value !== null && "seconds" in value ? Number(value.seconds) * 1000 : value;
  return new Date(seconds as number).toUTCString();
}
