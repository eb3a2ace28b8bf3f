export const LOOPBACK = "127.0.0.1";

/** A proxy for the internet cannot reach this machine's loopback: keeps the libraries from asking it. */
export function withoutProxyForLoopback(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const entries = (env["NO_PROXY"] ?? env["no_proxy"] ?? "").split(",").map((entry) => entry.trim());
  const all = [...new Set([...entries, LOOPBACK, "localhost"])].filter((entry) => entry !== "").join(",");
  return { ...env, NO_PROXY: all, no_proxy: all };
}
