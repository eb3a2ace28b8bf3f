export const LOOPBACK = "127.0.0.1";

/** Names of this machine that no other one can reach it by. */
const LOOPBACK_HOSTS = new Set([LOOPBACK, "localhost", "::1", "[::1]"]);

export function isLoopback(host: string): boolean {
  return LOOPBACK_HOSTS.has(host);
}

/** A proxy for the internet cannot reach this machine's loopback: keeps the libraries from asking it. */
export function withoutProxyForLoopback(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const entries = (env["NO_PROXY"] ?? env["no_proxy"] ?? "").split(",").map((entry) => entry.trim());
  const all = [...new Set([...entries, LOOPBACK, "localhost"])].filter((entry) => entry !== "").join(",");
  return { ...env, NO_PROXY: all, no_proxy: all };
}
