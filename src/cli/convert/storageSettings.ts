import type { App } from "./app.ts";

/** Quick retries, because a service of the local stack that died is back within a second or two. */
export const RETRY_OPTIONS = { maxTries: 5, retryDelayInMs: 300, maxRetryDelayInMs: 5_000 };

/** Reads the same settings as the app. */
export function containersFrom(env: NodeJS.ProcessEnv): App["containers"] {
  return {
    input: env["INPUT_CONTAINER"]?.trim() || "input",
    output: env["OUTPUT_CONTAINER"]?.trim() || "output",
  };
}
