import { randomUUID } from "node:crypto";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import type { RegisteredFunction } from "../worker/coreModule.ts";
import type { RpcTypedData } from "../worker/rpc.ts";
import type { Worker } from "../worker/worker.ts";
import { limitedBody } from "./bodyLimit.ts";
import type { HttpContext } from "./httpContext.ts";
import { BODILESS } from "./httpResponse.ts";

const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Streaming: the invocation starts without data, the request itself is passed on to the library's own server, and the
 * library matches the two by the invocation id. What its server answers is the response.
 * https://learn.microsoft.com/azure/azure-functions/functions-reference-node#http-streams
 */
export async function proxyToLibrary(
  c: HttpContext,
  worker: Worker,
  httpUri: string,
  fn: RegisteredFunction,
  parameters: Readonly<Record<string, string>>,
  extraInputs: Readonly<Record<string, RpcTypedData>>,
  maxBodyBytes: number,
): Promise<Response> {
  const invocationId = randomUUID();
  const { incoming } = c.env;
  const url = new URL(c.req.url);
  const triggerMetadata: Record<string, RpcTypedData> = {
    Headers: { json: JSON.stringify(c.req.header()) },
    Query: { json: JSON.stringify(Object.fromEntries(url.searchParams)) },
    ...Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, { string: value }])),
  };
  // Host and path apart: a path that begins with two slashes would name another host in a URL.
  const { hostname, port } = new URL(httpUri);
  const proxied = request({
    hostname,
    port,
    path: `${url.pathname}${url.search}`,
    method: c.req.method,
    headers: {
      ...withoutHopByHop(incoming.headers),
      "x-ms-invocation-id": invocationId,
      "x-forwarded-host": url.host,
      "x-forwarded-proto": url.protocol.slice(0, -1),
    },
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => proxied.on("response", resolve).on("error", reject));
  const sent = pipeline(limitedBody(incoming, maxBodyBytes), proxied).then(() => answer);

  // A handler that returns nothing, or throws, leaves the proxied request without an answer.
  const silence = worker
    .invoke({ fn, input: { http: {} }, extraInputs, triggerMetadata, invocationId })
    .then(({ value }) => (value === undefined || value === null ? undefined : answer));
  const first = await Promise.race([sent, answer, silence]).catch((error: unknown) => {
    proxied.on("error", () => undefined).destroy();
    throw error;
  });
  if (first === undefined) {
    proxied.on("error", () => undefined).destroy();
    return new Response(null, { status: 204 });
  }
  return toResponse(first);
}

function toResponse(message: IncomingMessage): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(withoutHopByHop(message.headers))) {
    for (const item of [value].flat()) if (item !== undefined) headers.append(name, item);
  }
  const status = message.statusCode ?? 200;
  if (BODILESS.has(status)) return new Response(null, { status, headers });
  return new Response(Readable.toWeb(message) as ReadableStream<Uint8Array> as BodyInit, { status, headers });
}

function withoutHopByHop(headers: IncomingMessage["headers"]): IncomingMessage["headers"] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name)));
}
