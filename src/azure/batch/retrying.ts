import { setTimeout as delay } from "node:timers/promises";
import type { HttpHeadersLike } from "@azure/ms-rest-js";
import { BatchError } from "../../model/errors.ts";
import { withoutSecrets } from "../../model/redact.ts";
import { isSignInFailure, signInReasons } from "../signInFailure.ts";
import { MAX_WAIT_SECONDS, retryAfterSeconds } from "./gate.ts";

/** Short, because the orchestration retries a failed activity with longer pauses. */
const PAUSES_MS = [200, 800];

const TRANSIENT_STATUS = new Set([408, 429, 500, 502, 503, 504]);

/**
 * Makes a request, repeats it if the failure may pass, and turns what still fails into a `BatchError`.
 * `what` completes the sentence "Azure Batch could not …".
 */
export async function retrying<Result>(what: string, request: () => Promise<Result>): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await request();
    } catch (cause) {
      const error = toBatchError(what, cause);
      const pauseMs = PAUSES_MS[attempt];
      if (pauseMs === undefined || !mayPassSoon(error)) throw error;
      await delay(pauseMs * (1 + Math.random()));
    }
  }
}

/** As `retrying`, but undefined if the service answers 404. */
export async function unlessMissing<Result>(what: string, request: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await retrying(what, request);
  } catch (error) {
    if (error instanceof BatchError && error.statusCode === 404) return undefined;
    throw error;
  }
}

/** As `retrying`, but a refusal with one of these codes is fine: things are already as they should be. */
export async function unlessCode(
  what: string,
  codes: readonly string[],
  request: () => Promise<unknown>,
): Promise<void> {
  try {
    await retrying(what, request);
  } catch (error) {
    if (!(error instanceof BatchError && error.code !== undefined && codes.includes(error.code))) throw error;
  }
}

function mayPassSoon({ statusCode, retryAfterSeconds: pauseSeconds = 0 }: BatchError): boolean {
  return (statusCode === undefined || TRANSIENT_STATUS.has(statusCode)) && pauseSeconds <= MAX_WAIT_SECONDS;
}

/** The parts of a client's error that say something; its `message` may be an object. */
interface ClientError {
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly message?: unknown;
  /** Of our own gate. */
  readonly retryAfterSeconds?: number;
  readonly response?: { readonly headers?: HttpHeadersLike };
  readonly body?: {
    readonly message?: { readonly value?: unknown };
    readonly values?: readonly { readonly key?: string; readonly value?: string }[];
  };
}

function toBatchError(what: string, cause: unknown): BatchError {
  const error = cause as ClientError;
  const statusCode = typeof error.statusCode === "number" ? error.statusCode : undefined;
  const code = typeof error.code === "string" ? error.code : undefined;
  const text = isSignInFailure(cause) ? signInReasons(cause) : textOf(error);
  const reason = [code ?? statusCode, text, ...detailsOf(error)].filter((part) => part !== undefined).join(": ");
  return new BatchError(
    withoutSecrets(`Azure Batch could not ${what}: ${reason}`),
    { code, statusCode, isSignInFailure: isSignInFailure(cause), retryAfterSeconds: pauseOf(error) },
    { cause },
  );
}

function pauseOf({ retryAfterSeconds: seconds, response }: ClientError): number | undefined {
  return seconds ?? (response?.headers && retryAfterSeconds(response.headers));
}

function textOf({ body, message }: ClientError): string | undefined {
  const text = body?.message?.value ?? message;
  return typeof text === "string" ? text.split("\n")[0] : undefined;
}

function detailsOf({ body }: ClientError): string[] {
  return (body?.values ?? []).map(({ key, value }) => `${key}=${value}`);
}
