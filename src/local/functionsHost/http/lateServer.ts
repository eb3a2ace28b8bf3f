import type { ServerOptions } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Hono } from "hono";
import { openServer } from "../../kit/server.ts";

export interface LateServer {
  readonly url: string;
  become(app: Hono<{ Bindings: HttpBindings }>): void;
  close(): void;
}

/** Who is slower than that to send a request is cut off. In milliseconds; Node looks every five seconds. */
const PATIENCE: ServerOptions = { headersTimeout: 30_000, requestTimeout: 300_000, connectionsCheckingInterval: 5_000 };

interface LateServerOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Other origins whose pages are answered. */
  readonly corsOrigins?: readonly string[];
  readonly patience?: ServerOptions;
}

/**
 * An app learns the address while it is loaded. A request before that is over is asked to come again: it may come from
 * the app itself, which would wait for ever.
 */
export async function openLateServer({
  port,
  corsOrigins = [],
  patience = PATIENCE,
}: LateServerOptions): Promise<LateServer> {
  const server = await openServer({
    port,
    server: patience,
    allowsOrigin: (origin) => corsOrigins.includes(origin),
    early: (_request, response) => {
      response.writeHead(503, { "Retry-After": "1" }).end("The Functions host is starting");
    },
  });
  return {
    url: server.url,
    become: (app) =>
      server.serve(
        getRequestListener(async (request, env) => {
          const { outgoing } = env;
          const answer = await app.fetch(request, env as HttpBindings);
          // A streamed request has been answered by the library.
          return outgoing.headersSent ? RESPONSE_ALREADY_SENT : answer;
        }),
      ),
    close: () => void server.close(),
  };
}
