import type { FailureCode } from "./failures.ts";

/** The settings are wrong, and nothing can start until somebody corrects them. Shown without a stack. */
export class ConfigurationError extends Error {
  override readonly name = "ConfigurationError";
  readonly code = "InvalidConfiguration";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `Invalid settings:\n${problems.map((problem) => `  - ${problem}`).join("\n")}\nSee local.settings.example.json.`,
    );
    this.problems = problems;
  }
}

/** Somebody else was faster, so a conditional write failed. Read again, and decide again. */
export class ConflictError extends Error {
  override readonly name = "ConflictError";
}

/** How a service refused. */
interface Refusal {
  /** The service's own, for example `TaskExists`; undefined if the answer had none. */
  readonly code: string | undefined;
  /** Undefined if there was no answer. */
  readonly statusCode: number | undefined;
  /** Set when the service was not even asked, because Entra ID refused to sign us in. */
  readonly isSignInFailure?: boolean;
  /** How long the service wants to be left alone; undefined if it has not said so. */
  readonly retryAfterSeconds?: number | undefined;
}

/** A refusal in words. The errors of the Azure clients have an empty message, or an object for one. */
export abstract class ServiceError extends Error implements Refusal {
  readonly code: string | undefined;
  readonly statusCode: number | undefined;
  readonly retryAfterSeconds: number | undefined;
  /** What it means for a conversion if the service keeps refusing. */
  readonly failureCode: FailureCode;

  constructor(message: string, refusal: Refusal, options?: ErrorOptions) {
    super(message, options);
    this.code = refusal.code;
    this.statusCode = refusal.statusCode;
    this.retryAfterSeconds = refusal.retryAfterSeconds;
    this.failureCode = failureCodeOf(refusal);
  }

  /** Whether asking again would get the same answer. */
  get isFinal(): boolean {
    const { statusCode = 0 } = this;
    return statusCode >= 400 && statusCode < 500 && statusCode !== 408 && statusCode !== 429;
  }
}

export class StorageError extends ServiceError {
  override readonly name = "StorageError";
}

export class BatchError extends ServiceError {
  override readonly name = "BatchError";
}

/** Whether Azure Storage refuses a change because somebody protects the blob, and will until they stop. */
export function isLocked(code = ""): boolean {
  return /^Lease|^BlobImmutable|^ContainerImmutable/.test(code);
}

function failureCodeOf({ code = "", statusCode, isSignInFailure = false }: Refusal): FailureCode {
  if (isLocked(code)) return "OutputLocked";
  if (statusCode === 429 || statusCode === 503 || /TooManyRequests|ServerBusy/.test(code)) return "Throttled";
  if (code.endsWith("QuotaReached")) return "QuotaExceeded";
  const isOurMistake =
    statusCode === 401 || statusCode === 403 || /^Auth|Invalid|NotFound|Permission|Forbidden/.test(code);
  return isSignInFailure || isOurMistake ? "Misconfigured" : "InternalError";
}
