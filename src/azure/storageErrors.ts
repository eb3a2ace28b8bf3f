import type { RestError } from "@azure/storage-blob";
import { ConflictError, StorageError, isLocked } from "../model/errors.ts";
import { withoutSecrets } from "../model/redact.ts";
import { isSignInFailure, signInReasons } from "./signInFailure.ts";

/** The answer to a request; its failure as an error of ours. `what` completes "Azure Storage could not …". */
export async function inWords<Result>(what: string, request: Promise<Result>): Promise<Result> {
  try {
    return await request;
  } catch (error) {
    throw describeError(what, error);
  }
}

/** As `inWords`, but undefined if the service answers 404. */
export async function unlessMissing<Result>(what: string, request: Promise<Result>): Promise<Result | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isRestError(error) && error.statusCode === 404) return undefined;
    throw describeError(what, error);
  }
}

/** A condition that does not hold is a `ConflictError`. */
export function describeError(what: string, cause: unknown): unknown {
  if (isSignInFailure(cause)) {
    const refusal = { code: undefined, statusCode: undefined, isSignInFailure: true };
    return new StorageError(withoutSecrets(`Azure Storage could not ${what}: ${signInReasons(cause)}`), refusal, {
      cause,
    });
  }
  if (isTimeout(cause)) {
    const refusal = { code: "ETIMEDOUT", statusCode: undefined };
    return new StorageError(`Azure Storage could not ${what}: it gave no complete answer in time`, refusal, { cause });
  }
  if (!isRestError(cause)) return cause;
  const { code, statusCode } = cause;
  if (isLocked(code)) {
    const reason = "it is locked by a lease or an immutability policy";
    return new StorageError(`Azure Storage could not ${what}: ${reason} (${code})`, { code, statusCode }, { cause });
  }
  if (code === "ConditionNotMet" || code === "BlobAlreadyExists" || statusCode === 412) {
    return new ConflictError(`Azure Storage could not ${what}: somebody else has just changed it`, { cause });
  }
  // The answer to a HEAD has no body, and so its error no message.
  const reason = [statusCode, code, cause.message.split("\n")[0]].filter(Boolean).join(": ");
  return new StorageError(
    withoutSecrets(`Azure Storage could not ${what}: ${reason}`),
    { code, statusCode },
    { cause },
  );
}

/** Our own, of storageClient.ts: nobody else aborts a request. A stream that it breaks off only says that it was aborted. */
function isTimeout(error: unknown): boolean {
  return error instanceof Error && (error.name === "TimeoutError" || error.name === "AbortError");
}

export function isRestError(error: unknown): error is RestError {
  return error instanceof Error && error.name === "RestError";
}
