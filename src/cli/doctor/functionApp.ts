import type { Finding } from "./finding.ts";
import { ok, wrong } from "./finding.ts";

/** An app that was idle first has to start. */
const TIMEOUT_MS = 60_000;

/** Whether the app answers at this address, by asking for a conversion that does not exist. */
export async function checkAnswer(url: string): Promise<Finding[]> {
  const response = await fetch(`${url}/api/conversions/${"0".repeat(32)}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  await response.body?.cancel();
  const { status, headers } = response;
  // Where a key is needed, the host says so before it asks the app; it answers 404 itself where it has no such function.
  const isOurs = status === 401 || (status === 404 && headers.get("content-type")?.includes("json") === true);
  if (isOurs) return [ok("app", `it answers at ${url}`)];
  if (status === 404) {
    return [wrong("app", `${url} answers, but not as this app does`, "Deploy it again, and look into its log.")];
  }
  const hint = status === 403 ? "Start it: it may be stopped." : "Look into its log.";
  return [wrong("app", `it answers ${status} at ${url}`, hint)];
}
