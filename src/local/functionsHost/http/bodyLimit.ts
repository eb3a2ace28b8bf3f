import type { IncomingMessage } from "node:http";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import type { MiddlewareHandler } from "hono";

/** https://learn.microsoft.com/azure/azure-functions/functions-app-settings#functions_request_body_size_limit */
export const DEFAULT_MAX_BODY_BYTES = 104_857_600;

/** Refuses a body whose announced length is too long, before any of it is read. */
export function refuseLongBodies(maxBytes: number): MiddlewareHandler {
  return async (c, next) => {
    if (Number(c.req.header("content-length") ?? 0) > maxBytes) throw tooLong(maxBytes);
    return next();
  };
}

/** The same for bodies of undeclared length, for what reads them as a whole. */
export function limitWholeBody(maxBytes: number): MiddlewareHandler {
  const limit = bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw tooLong(maxBytes);
    },
  });
  // The mere sight of a body makes a web stream of it, which takes longer than most answers.
  return (c, next) => (c.req.header("transfer-encoding") === undefined ? next() : limit(c, next));
}

/** A body as it arrives. Throws once it is too long, and leaves the connection open for the answer that says so. */
export async function* limitedBody(incoming: IncomingMessage, maxBytes: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw tooLong(maxBytes);
    yield chunk;
  }
}

function tooLong(maxBytes: number): HTTPException {
  const message = `The body is longer than ${maxBytes} bytes. FUNCTIONS_REQUEST_BODY_SIZE_LIMIT changes the limit.`;
  return new HTTPException(413, { message });
}
