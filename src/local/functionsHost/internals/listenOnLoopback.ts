import net from "node:net";
import { LOOPBACK } from "../../kit/loopback.ts";

/**
 * While `work` runs, servers that name no address listen on the loopback address only: the library's server for
 * streamed HTTP requests would otherwise be open to the network. Gives the servers besides the result, in the order in which
 * they began to listen.
 *
 * Relies on: every server listens through `net.Server.prototype.listen`, the library's without an address.
 * Seen with: @azure/functions 4.0.0 to 4.16.5, on Node 20 to 24.
 * If it goes: that server listens on all addresses of the machine, and streamed requests are answered with 500.
 */
export async function withListenersOnLoopback<T>(
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly servers: readonly net.Server[] }> {
  const prototype = net.Server.prototype as { listen: (...args: unknown[]) => net.Server };
  const original = prototype.listen;
  const servers: net.Server[] = [];
  prototype.listen = function listen(this: net.Server, ...args: unknown[]): net.Server {
    servers.push(this);
    const namesNothing = args.length === 0 || typeof args[0] === "function";
    return original.apply(this, namesNothing ? [0, LOOPBACK, ...args] : args);
  };
  try {
    return { result: await work(), servers };
  } finally {
    prototype.listen = original;
  }
}
