export const LOOPBACK = "127.0.0.1";

/** Names by which this machine can be reached from itself only. */
const LOOPBACK_HOSTS = new Set([LOOPBACK, "localhost", "::1", "[::1]"]);

export function isLoopback(host: string): boolean {
  return LOOPBACK_HOSTS.has(host);
}

/** Keeps the libraries from asking a proxy for the internet, which cannot reach this machine's loopback address. */
export function withoutProxyForLoopback(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const entries = (env["NO_PROXY"] ?? env["no_proxy"] ?? "").split(",").map((entry) => entry.trim());
  const all = [...new Set([...entries, LOOPBACK, "localhost"])].filter((entry) => entry !== "").join(",");
  return { ...env, NO_PROXY: all, no_proxy: all };
}
