import { request as requestByHttp } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as requestByHttps } from "node:https";
import { text } from "node:stream/consumers";

interface Request {
  readonly method: string;
  readonly url: URL;
  readonly content: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

interface Answer {
  readonly statusCode: number;
  readonly content: string;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
}

const USER_AGENT = "Microsoft.Azure.WebJobs.Extensions.DurableTask/3.19.0";
/** https://learn.microsoft.com/dotnet/api/system.net.http.httpclienthandler.maxautomaticredirections */
const MAX_REDIRECTS = 50;

/**
 * Sends a request as the HttpClient does by which the Durable extension sends it, so that an orchestrator is told the
 * same here and there: redirects are followed, headers have the names of .NET, and those of the content are not told.
 */
export async function sendAsDotNet(request: Request, redirectsLeft = MAX_REDIRECTS): Promise<Answer> {
  const response = await exchange(request);
  const next = redirectsLeft > 0 ? redirected(request, response) : undefined;
  const content = await text(response);
  if (next !== undefined) return sendAsDotNet(next, redirectsLeft - 1);
  return { statusCode: response.statusCode ?? 0, content, headers: toldHeaders(response.rawHeaders) };
}

function exchange({ method, url, content, headers }: Request): Promise<IncomingMessage> {
  const send = url.protocol === "https:" ? requestByHttps : requestByHttp;
  const given = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
  return new Promise((resolve, reject) => {
    const sent = send(url, { method, headers: { ...headers } });
    if (!given.has("user-agent")) sent.setHeader("User-Agent", USER_AGENT);
    if (content !== undefined && !given.has("content-type")) sent.setHeader("Content-Type", "text/plain");
    if (content !== undefined) sent.setHeader("Content-Length", Buffer.byteLength(content));
    sent.once("response", resolve).once("error", reject).end(content);
  });
}

/**
 * The request that follows, if the answer is a redirect that HttpClient follows: not from https to http, with GET where
 * browsers would use it, and without credentials.
 * https://github.com/dotnet/runtime/blob/main/src/libraries/System.Net.Http/src/System/Net/Http/SocketsHttpHandler/RedirectHandler.cs
 */
function redirected(request: Request, { statusCode = 0, headers: { location } }: IncomingMessage): Request | undefined {
  if (![300, 301, 302, 303, 307, 308].includes(statusCode) || location === undefined) return undefined;
  const url = new URL(location, request.url);
  if (!/^https?:$/.test(url.protocol) || (request.url.protocol === "https:" && url.protocol === "http:")) {
    return undefined;
  }
  const { method } = request;
  const asGet = statusCode === 303 ? method !== "GET" && method !== "HEAD" : statusCode < 303 && method === "POST";
  const kept = Object.entries(request.headers).filter(([name]) => name.toLowerCase() !== "authorization");
  const headers = Object.fromEntries(asGet ? kept.filter(([name]) => !isOfContent(name)) : kept);
  return asGet ? { method: "GET", url, headers, content: undefined } : { ...request, url, headers };
}

/** As it is by name: one value is a text, several are a list. */
function toldHeaders(raw: readonly string[]): Record<string, string | readonly string[]> {
  const told = new Map<string, { name: string; values: string[] }>();
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [sent = "", value = ""] = raw.slice(i, i + 2);
    if (isOfContent(sent)) continue;
    const key = sent.toLowerCase();
    const header = told.get(key) ?? { name: KNOWN_NAMES.get(key) ?? sent, values: [] };
    told.set(key, header);
    header.values.push(value);
  }
  return Object.fromEntries(
    [...told.values()].map(({ name, values }) => [name, values.length === 1 ? (values[0] ?? "") : values]),
  );
}

function isOfContent(name: string): boolean {
  return /^(?:allow|expires|last-modified|content-(?:disposition|encoding|language|length|location|md5|range|type))$/i.test(
    name,
  );
}

/**
 * A name that is not here stays as it was sent.
 * https://github.com/dotnet/runtime/blob/main/src/libraries/System.Net.Http/src/System/Net/Http/Headers/KnownHeaders.cs
 */
const KNOWN_NAMES: ReadonlyMap<string, string> = new Map(
  [
    "Accept-Patch",
    "Accept-Ranges",
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
    "Age",
    "Alt-Svc",
    "Cache-Control",
    "Connection",
    "Content-Security-Policy",
    "Date",
    "ETag",
    "Expect-CT",
    "Keep-Alive",
    "Link",
    "Location",
    "Origin",
    "P3P",
    "Pragma",
    "Proxy-Authenticate",
    "Proxy-Connection",
    "Public-Key-Pins",
    "Referrer-Policy",
    "Retry-After",
    "Server",
    "Server-Timing",
    "Set-Cookie",
    "Strict-Transport-Security",
    "Timing-Allow-Origin",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Vary",
    "Via",
    "WWW-Authenticate",
    "Warning",
    "X-AspNet-Version",
    "X-Cache",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-MSEdge-Ref",
    "X-Powered-By",
    "X-Request-ID",
    "X-Served-By",
    "X-UA-Compatible",
    "X-XSS-Protection",
  ].map((name) => [name.toLowerCase(), name]),
);
