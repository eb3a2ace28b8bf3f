import { Server } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Server as NetServer } from "node:net";

/** The library's own server for streamed requests, reached without a connection. */
export interface StreamServer {
  /** The library then answers `response` as if the request had come to its own port. */
  take(request: IncomingMessage, response: ServerResponse): void;
}

/**
 * The real host sends a streamed request to the library over another connection. Here both are in one process, and handing
 * over the request itself costs a third of that.
 *
 * Relies on: the library takes streamed requests by the event `request` of a `http.Server`, and of a request it uses the
 * headers, the method, the URL and the body.
 * Seen with: @azure/functions 4.3.0 to 4.16.5.
 * If it goes: undefined, or streamed requests are never answered.
 */
export function findStreamServer(servers: readonly NetServer[]): StreamServer | undefined {
  const server = servers.find((candidate) => candidate instanceof Server);
  if (server === undefined) return undefined;
  return { take: (request, response) => void server.emit("request", request, response) };
}
