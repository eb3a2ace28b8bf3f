import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { StreamServer } from "../internals/streamServer.ts";
import type { RegisteredFunction } from "../worker/coreModule.ts";
import type { RpcTypedData } from "../worker/rpc.ts";
import type { Worker } from "../worker/worker.ts";
import { limitedBody } from "./bodyLimit.ts";
import type { HttpContext } from "./httpContext.ts";

/**
 * Streaming: the invocation starts without data, the request itself goes to the library's own server, and the library
 * matches the two by the invocation id. It answers the request, too, if the handler returns anything; the response given here
 * counts only if it has not. A handler that fails halfway through its answer ends the connection.
 * https://learn.microsoft.com/azure/azure-functions/functions-reference-node#http-streams
 */
export async function handToLibrary(
  c: HttpContext,
  worker: Worker,
  library: StreamServer,
  fn: RegisteredFunction,
  parameters: Readonly<Record<string, string>>,
  extraInputs: Readonly<Record<string, RpcTypedData>>,
  maxBodyBytes: number,
): Promise<Response> {
  const invocationId = randomUUID();
  const { incoming, outgoing } = c.env;
  const url = new URL(c.req.url);
  const triggerMetadata: Record<string, RpcTypedData> = {
    Headers: { json: JSON.stringify(c.req.header()) },
    Query: { json: JSON.stringify(Object.fromEntries(url.searchParams)) },
    ...Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, { string: value }])),
  };
  let refusal: unknown;
  const request = limited(incoming, maxBodyBytes, (error) => (refusal = error));
  Object.assign(request.headers, {
    "x-ms-invocation-id": invocationId,
    "x-forwarded-host": url.host,
    "x-forwarded-proto": url.protocol.slice(0, -1),
  });
  // What has been decided before the function is called, such as that a page elsewhere may read the answer.
  for (const [name, value] of c.res.headers) outgoing.setHeader(name, value);
  library.take(request, outgoing);
  try {
    await worker.invoke({ fn, input: { http: {} }, extraInputs, triggerMetadata, invocationId });
  } catch (error) {
    if (outgoing.headersSent) outgoing.destroy();
    throw refusal ?? error;
  }
  return new Response(null, { status: 204 });
}

/** A request of declared length has been judged by that. */
function limited(incoming: IncomingMessage, maxBytes: number, onTooLong: (error: unknown) => void): IncomingMessage {
  const { headers, method, url } = incoming;
  if (headers["transfer-encoding"] === undefined) return incoming;
  const body = Readable.from(watched(limitedBody(incoming, maxBytes), onTooLong), { objectMode: false });
  return Object.assign(body, { headers, method, url }) as unknown as IncomingMessage;
}

async function* watched<T>(items: AsyncIterable<T>, onError: (error: unknown) => void): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    onError(error);
    throw error;
  }
}
