import { errorMessage } from "../../local/kit/errorText.ts";
import { UserError } from "../../local/kit/userError.ts";
import { ServiceError } from "../../model/errors.ts";
import { ArmError } from "../azure/arm.ts";
import type { Finding } from "./finding.ts";
import { unknown, wrong } from "./finding.ts";

/** What a look that failed has found after all. A refusal of who is looking says nothing about the thing itself. */
export function findingOfFailure(what: string, error: unknown): Finding {
  if (error instanceof ArmError && error.status === 403) {
    return unknown(what, `you may not look at it: ${error.message}`, error.hint);
  }
  if (error instanceof UserError) return wrong(what, error.message, error.hint);
  if (error instanceof ServiceError) return wrong(what, error.message);
  if (isTimeout(error)) return wrong(what, "it gave no answer in time", "Try again, and see whether it runs.");
  const reason = networkReason(error);
  if (reason !== undefined) {
    return wrong(what, `it cannot be reached (${reason})`, "Check that it runs, and the network of this machine.");
  }
  return unknown(what, `the look at it failed: ${errorMessage(error)}`);
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === "TimeoutError";
}

/** `fetch` says only that it failed; why is in its cause. */
function networkReason(error: unknown): string | undefined {
  if (!(error instanceof TypeError && error.message === "fetch failed")) return undefined;
  const { code, message = "no reason was given" } = (error.cause ?? {}) as { code?: unknown; message?: string };
  return typeof code === "string" ? code : message;
}
