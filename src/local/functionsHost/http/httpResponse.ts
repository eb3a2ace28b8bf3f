import type { RpcHttpCookie, RpcHttpResponse, RpcTypedData } from "../worker/rpc.ts";

/** In the protocol, `none` means that the cookie has no such attribute. */
const SAME_SITE: Readonly<Record<string, string>> = { lax: "Lax", strict: "Strict", explicitNone: "None" };
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

function cookieText(cookie: RpcHttpCookie): string {
  const parts = [`${cookie.name}=${encodeURIComponent(cookie.value)}`];
  if (cookie.maxAge !== undefined) parts.push(`Max-Age=${cookie.maxAge.value}`);
  if (cookie.domain !== undefined) parts.push(`Domain=${cookie.domain.value}`);
  if (cookie.path !== undefined) parts.push(`Path=${cookie.path.value}`);
  if (cookie.expires !== undefined) parts.push(`Expires=${expiry(cookie.expires.value)}`);
  if (cookie.httpOnly?.value === true) parts.push("HttpOnly");
  if (cookie.secure?.value === true) parts.push("Secure");
  const sameSite = SAME_SITE[cookie.sameSite ?? ""];
  if (sameSite !== undefined) parts.push(`SameSite=${sameSite}`);
  return parts.join("; ");
}

/** In the protocol a time is in seconds since 1970, with their fraction apart. */
function expiry(value: unknown): string {
  const seconds =
    typeof value === "object" && value !== null && "seconds" in value ? Number(value.seconds) * 1000 : value;
  return new Date(seconds as number).toUTCString();
}
