import { findingOfFailure } from "./failure.ts";
import type { Finding } from "./finding.ts";
import type { Secrets } from "./secrets.ts";

/** One thing to look at. */
export interface Check {
  readonly what: string;
  /** What it throws becomes a finding. */
  readonly look: () => Promise<readonly Finding[]> | readonly Finding[];
  /** What to look at after that, by what was found. */
  readonly next?: (findings: readonly Finding[]) => readonly Check[];
}

interface Bounds {
  readonly secrets: Secrets;
  /** For one look. */
  readonly boundMs?: number;
}

/** Above all pauses after which a service is asked again, and the cold start of an app. */
const BOUND_MS = 150_000;

/** Looks at all things side by side. The findings come in the order of the checks. */
export async function examine(checks: readonly Check[], bounds: Bounds): Promise<Finding[]> {
  const found = await Promise.all(checks.map((check) => examineOne(check, bounds)));
  return found.flat();
}

async function examineOne({ what, look, next }: Check, bounds: Bounds): Promise<Finding[]> {
  const { secrets, boundMs = BOUND_MS } = bounds;
  const findings = await withinBound(async () => look(), boundMs).catch((error: unknown) => [
    findingOfFailure(what, error),
  ]);
  const shown = findings.map((finding) => withoutSecrets(finding, secrets));
  if (next === undefined) return shown;
  let following: readonly Check[];
  try {
    following = next(findings);
  } catch (error) {
    return [...shown, withoutSecrets(findingOfFailure(what, error), secrets)];
  }
  return [...shown, ...(await examine(following, bounds))];
}

function withoutSecrets({ what, state, detail, hint }: Finding, secrets: Secrets): Finding {
  return { what, state, detail: secrets.hide(detail), ...(hint !== undefined && { hint: secrets.hide(hint) }) };
}

/** Throws a `TimeoutError` when there is no answer by then. */
async function withinBound<Answer>(ask: () => Promise<Answer>, boundMs: number): Promise<Answer> {
  const timeout = AbortSignal.timeout(boundMs);
  const silence = new Promise<never>((_, reject) => {
    timeout.addEventListener("abort", () => reject(timeout.reason), { once: true });
  });
  return Promise.race([ask(), silence]);
}
