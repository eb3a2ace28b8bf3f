import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { UserError } from "../../kit/userError.ts";
import { KEEP_ALIVE_MS } from "../limits.ts";

export interface HttpServer {
  readonly url: string;
  /** Answers the requests, also those that came before there was somebody to answer. */
  serve(listener: RequestListener): void;
  close(): Promise<void>;
}

/** Takes the port. What comes in waits until `serve` is called. */
export async function openServer(port: number, host: string): Promise<HttpServer> {
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
  let serve: (listener: RequestListener) => void = () => {};
  const listener = new Promise<RequestListener>((resolve) => {
    serve = resolve;
  });
  server.on("request", (request, response) => void listener.then((answer) => answer(request, response)));
  await listen(server, port, host);
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${taken}`,
    serve,
    close: () =>
      new Promise((settle) => {
        server.close(() => settle());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((settle, fail) => {
    server.once("error", (cause: NodeJS.ErrnoException) => fail(listenError(cause, port, host)));
    server.listen(port, host, settle);
  });
}

function listenError(cause: NodeJS.ErrnoException, port: number, host: string): Error {
  if (cause.code === "EADDRINUSE") {
    return new UserError("PortInUse", `Port ${port} on ${host} is taken by another program`, {
      cause,
      hint: "Choose another port with --port, or 0 for any free one.",
    });
  }
  if (cause.code === "EADDRNOTAVAIL" || cause.code === "ENOTFOUND" || cause.code === "EACCES") {
    return new UserError("AddressNotAvailable", `Cannot listen on ${host}:${port} (${cause.code})`, {
      cause,
      hint: "Leave out --host to listen on 127.0.0.1, and use a port above 1023.",
    });
  }
  return cause;
}
