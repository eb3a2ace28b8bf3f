import { BlockList, isIP } from "node:net";

export const LOOPBACK = "127.0.0.1";

const LOOPBACK_ADDRESSES = new BlockList();
LOOPBACK_ADDRESSES.addSubnet("127.0.0.0", 8);
LOOPBACK_ADDRESSES.addAddress("::1", "ipv6");

/** Whether this machine can be reached by the name or address from itself only. An address of IPv6 may be in brackets. */
export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (isIP(name) !== 0) return LOOPBACK_ADDRESSES.check(name, isIP(name) === 4 ? "ipv4" : "ipv6");
  return name === "localhost" || name.endsWith(".localhost");
}

/** Keeps the libraries from asking a proxy for the internet, which cannot reach this machine's loopback address. */
export function withoutProxyForLoopback(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const entries = (env["NO_PROXY"] ?? env["no_proxy"] ?? "").split(",").map((entry) => entry.trim());
  const all = [...new Set([...entries, LOOPBACK, "localhost"])].filter((entry) => entry !== "").join(",");
  return { ...env, NO_PROXY: all, no_proxy: all };
}
