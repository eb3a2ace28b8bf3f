import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { UserError } from "../../kit/userError.ts";

export interface Listener {
  readonly port: number;
  close(): void;
}

const LOOPBACK = "127.0.0.1";

/** Listens on this machine only; port 0 is any free one. */
export async function listen(
  fetch: Parameters<typeof createAdaptorServer>[0]["fetch"],
  port: number,
): Promise<Listener> {
  const server = createAdaptorServer({ fetch }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(describe(cause, port)));
    server.listen(port, LOOPBACK, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port");
  return {
    port: address.port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function describe(cause: NodeJS.ErrnoException, port: number): Error {
  if (cause.code === "EADDRINUSE") {
    return new UserError("PortInUse", `Port ${port} on ${LOOPBACK} is in use`, {
      cause,
      hint: "Stop what uses it, or choose another port with --port (0 is any free one).",
    });
  }
  if (cause.code === "EACCES") {
    return new UserError("PortForbidden", `This user may not listen on port ${port}`, {
      cause,
      hint: "Choose another with --port.",
    });
  }
  return cause;
}
