import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { CONTENT_TYPE_JSON, HEADERS } from "../limits.ts";
import type { ServiceError } from "../serviceError.ts";
import type { Reply } from "./call.ts";

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly baseUrl: string;
}

export async function sendReply(exchange: Exchange, reply: Reply): Promise<void> {
  const { response } = exchange;
  setCommonHeaders(exchange);
  if (reply.version !== undefined) {
    response.setHeader("ETag", reply.version.eTag);
    response.setHeader("Last-Modified", new Date(reply.version.lastModified).toUTCString());
  }
  if (reply.dataServiceId !== undefined) response.setHeader(HEADERS.DATA_SERVICE_ID, reply.dataServiceId);
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  response.statusCode = reply.status;
  if (reply.stream !== undefined) {
    await pipeline(reply.stream, response, { end: false });
    // A client would wait for what is missing of a file that became shorter.
    if (reply.stream.bytesRead < Number(response.getHeader("Content-Length") ?? 0)) response.destroy();
    else response.end();
    return;
  }
  const isBodiless = reply.status === 204 || reply.status === 304 || exchange.request.method === "HEAD";
  if (!isBodiless && !response.hasHeader("Content-Length")) response.setHeader("Transfer-Encoding", "chunked");
  if (reply.body === undefined) {
    response.end();
  } else {
    response.setHeader("Content-Type", CONTENT_TYPE_JSON);
    response.end(JSON.stringify(reply.body));
  }
}

/** Errors carry their length, and their first line as the reason phrase. */
export function sendError(exchange: Exchange, error: ServiceError, now: string): void {
  const { request, response, requestId, baseUrl } = exchange;
  const body = JSON.stringify({
    "odata.metadata": `${baseUrl}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element`,
    ...error.toBody(requestId, now),
  });
  setCommonHeaders(exchange);
  if (error.retryAfterSeconds !== undefined) response.setHeader("Retry-After", String(error.retryAfterSeconds));
  if (error.status === 401) {
    response.setHeader("WWW-Authenticate", 'Bearer resource_id="https://batch.core.windows.net/"');
  }
  response.statusCode = error.status;
  response.statusMessage = error.message.replaceAll(/[^\x20-\x7e]/g, "?");
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  response.setHeader("Content-Type", CONTENT_TYPE_JSON);
  response.setHeader("Content-Length", Buffer.byteLength(body));
  if (request.complete) {
    response.end(body);
    return;
  }
  // The client has its answer, and the rest of its body is not hidden from those who count it, as it is after the end.
  response.write(body);
  request.once("end", () => response.end()).resume();
}

function setCommonHeaders({ request, response, requestId }: Exchange): void {
  response.setHeader("Server", "Microsoft-HTTPAPI/2.0");
  response.setHeader(HEADERS.REQUEST_ID, requestId);
  response.setHeader("Strict-Transport-Security", "max-age=31536000; includeSubDomains");
  response.setHeader("X-Content-Type-Options", "nosniff");
  response.setHeader("DataServiceVersion", "3.0");
  const clientId = request.headers[HEADERS.CLIENT_REQUEST_ID];
  if (
    clientId !== undefined &&
    request.headers[HEADERS.RETURN_CLIENT_REQUEST_ID]?.toString().toLowerCase() === "true"
  ) {
    response.setHeader(HEADERS.CLIENT_REQUEST_ID, clientId);
  }
}
