import { createServer } from "node:http";
import type { IncomingMessage, ServerOptions, ServerResponse } from "node:http";
import { listen } from "./listen.ts";
import type { Address } from "./listen.ts";
import { LOOPBACK } from "./loopback.ts";
import { foreignRequest } from "./requestOrigin.ts";

export type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

export interface EarlyServerOptions extends Address {
  /** Answers requests that come before `serve` is called; without it, they wait. */
  readonly early?: Answer;
  readonly server?: ServerOptions;
  /** Whether pages of another origin are answered; none are without it. */
  readonly allowsOrigin?: (origin: string) => boolean;
}

interface EarlyServer {
  readonly url: string;
  serve(answer: Answer): void;
  /** Cuts off the requests that are still being answered. */
  close(): Promise<void>;
}

/**
 * Opens the port before there is anything to serve: a service has to know its own address while it starts.
 * What a web page of somebody else may have sent is refused with 403 and never reaches the answers.
 */
export async function openServer({
  early,
  server: options = {},
  allowsOrigin,
  ...address
}: EarlyServerOptions): Promise<EarlyServer> {
  const { host = LOOPBACK } = address;
  const server = createServer(options);
  let announce: (answer: Answer) => void = () => {};
  const served = new Promise<Answer>((resolve) => (announce = resolve));
  let answer = early ?? ((request, response) => served.then((later) => later(request, response)));
  server.on("request", (request, response) => {
    const refusal = foreignRequest(request, host, allowsOrigin);
    if (refusal === undefined) void answer(request, response);
    else refuse(response, refusal);
  });
  const port = await listen(server, address);
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    serve(later) {
      answer = later;
      announce(later);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function refuse(response: ServerResponse, reason: string): void {
  response.writeHead(403, { "Content-Type": "text/plain; charset=utf-8", Connection: "close" }).end(`${reason}\n`);
}
