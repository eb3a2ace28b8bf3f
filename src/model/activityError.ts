import { ServiceError } from "./errors.ts";
import type { FailureCode } from "./failures.ts";
import { isFailureCode } from "./failures.ts";
import { withoutSecrets } from "./redact.ts";

/** What an orchestrator learns about an activity that failed. */
export interface ActivityFailure {
  readonly code: FailureCode;
  /** In words for a person. */
  readonly reason: string;
  /** How long the service wants to be left alone; 0 where it has not said so. */
  readonly retryAfterSeconds: number;
}

/**
 * An error on its way out of an activity. A host passes on nothing but the message, with words of its own before it and
 * a stack after it. So the message begins with a head that programs can read: `[failure:Throttled] Azure Batch …`, or
 * `[failure:Throttled retryAfter=30] Azure Batch …`.
 */
export function markActivityError(error: unknown): Error {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const { failureCode: code, retryAfterSeconds } =
    error instanceof ServiceError ? error : { failureCode: "InternalError", retryAfterSeconds: undefined };
  const retryAfter = retryAfterSeconds === undefined ? "" : ` retryAfter=${Math.ceil(retryAfterSeconds)}`;
  // Without its cause, which holds the request, and in that the SAS of whatever it is about.
  const marked = new Error(`[failure:${code}${retryAfter}] ${withoutSecrets(message)}`);
  marked.name = name;
  if (stack !== undefined) marked.stack = withoutSecrets(stack);
  return marked;
}

/**
 * Reads the head of an activity's error: the first one in the message, because what a host puts before it holds no text
 * of ours or of a user's. A message without a head is the host's own, for example about a function that timed out.
 */
export function readActivityError(error: unknown): ActivityFailure {
  const message = error instanceof Error ? error.message : String(error);
  const [, code = "", retryAfter = "0", reason] =
    /\[failure:(\w+)(?: retryAfter=(\d+))?\] ([^\n]*)/.exec(message) ?? [];
  if (reason === undefined) {
    return { code: "InternalError", reason: message.split("\n")[0]?.trim() ?? "", retryAfterSeconds: 0 };
  }
  const retryAfterSeconds = Number(retryAfter);
  // A newer version of the app may have had codes that this one does not know.
  return { code: isFailureCode(code) ? code : "InternalError", reason: reason.trim(), retryAfterSeconds };
}
