import { getRequestListener } from "@hono/node-server";
import type { HttpBindings } from "@hono/node-server";
import type { Hono } from "hono";
import { openServer } from "../../kit/server.ts";

export interface LateServer {
  readonly url: string;
  become(app: Hono<{ Bindings: HttpBindings }>): void;
  close(): void;
}

/**
 * An app learns the address while it is loaded. A request before that is over is asked to come again: it may come from
 * the app itself, which would wait for ever.
 */
export async function openLateServer(port: number): Promise<LateServer> {
  const server = await openServer({
    port,
    early: (_request, response) => {
      response.writeHead(503, { "Retry-After": "1" }).end("The Functions host is starting");
    },
  });
  return {
    url: server.url,
    become: (app) => server.serve(getRequestListener((request, env) => app.fetch(request, env as HttpBindings))),
    close: () => void server.close(),
  };
}
