import type { Server } from "node:net";
import { createServer } from "node:net";
import { LOOPBACK } from "./loopback.ts";
import { UserError } from "./userError.ts";

export interface Address {
  /** 0: any free one. */
  readonly port: number;
  /** The loopback address if not given. */
  readonly host?: string;
  /** What listens there and the option that chooses the port, for the message. */
  readonly purpose?: string;
  readonly option?: string;
}

/** Resolves with the port. Throws a `UserError` if the address cannot be used. */
export function listen(server: Server, address: Address): Promise<number> {
  const { port, host = LOOPBACK } = address;
  return new Promise((resolve, reject) => {
    const fail = (cause: NodeJS.ErrnoException): void => reject(listenError(cause, address));
    server.once("error", fail);
    server.listen({ port, host, exclusive: true }, () => {
      server.off("error", fail);
      const taken = server.address();
      resolve(typeof taken === "object" && taken !== null ? taken.port : port);
    });
  });
}

/** A port that nobody listens on at this moment: the one asked for, or any if that is 0. Throws as `listen` does. */
export async function findFreePort(address: Address): Promise<number> {
  const server = createServer();
  const port = await listen(server, address);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listenError(
  cause: NodeJS.ErrnoException,
  { port, host = LOOPBACK, purpose, option = "--port" }: Address,
): Error {
  const what = purpose === undefined ? "" : `, meant for ${purpose},`;
  const hint = `choose another port with ${option} (0: any free port)`;
  if (cause.code === "EADDRINUSE") {
    return new UserError("PortInUse", `Port ${port} of ${host}${what} is taken by another program`, {
      cause,
      hint: `Stop what listens there, or ${hint}.`,
    });
  }
  if (cause.code === "EACCES") {
    return new UserError("PortForbidden", `Port ${port} of ${host}${what} may not be used by this user`, {
      cause,
      hint: `Use one above 1023: ${hint}.`,
    });
  }
  if (["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN"].includes(cause.code ?? "")) {
    return new UserError("AddressNotAvailable", `${host} is not an address of this machine (${cause.code})`, {
      cause,
      hint: `Leave out --host to listen on ${LOOPBACK}.`,
    });
  }
  return cause;
}
