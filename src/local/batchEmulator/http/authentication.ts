import type { TaskTokens } from "../engine/taskTokens.ts";
import type { Job } from "../model/entities.ts";
import { HEADERS, LIMITS } from "../limits.ts";
import { ServiceError } from "../serviceError.ts";
import { isSignedWith, stringToSign } from "./requestSignature.ts";
import type { SignedRequest } from "./requestSignature.ts";

export interface Account {
  readonly name: string;
  /** Primary and secondary, base64. */
  readonly keys: readonly string[];
  /** Whether a bearer token that anybody can make is as good as a key. */
  readonly acceptsUnverifiedTokens: boolean;
}

const AUDIENCES = ["https://batch.core.windows.net", "https://batch.core.windows.net/"];

/**
 * Throws unless the request is signed with a key of the account or carries a token: that of a running task or, where that will
 * do, one for Batch. Gives the job if nothing else may be acted upon.
 */
export function authenticate(
  request: SignedRequest,
  account: Account,
  tokens: TaskTokens,
  nowMs: number,
): Job | undefined {
  const header = request.headers.authorization;
  if (header === undefined) {
    throw new ServiceError("MissingRequiredHeader", { values: [{ key: "HeaderName", value: "Authorization" }] });
  }
  const [scheme = "", rest = ""] = header.split(/\s+(.*)/s);
  if (scheme.toLowerCase() === "bearer") {
    const job = tokens.jobOf(rest);
    if (job === undefined) checkToken(rest, account, nowMs);
    return job;
  }
  if (scheme.toLowerCase() === "sharedkey") checkSignature(request, rest, account, nowMs);
  else throw new ServiceError("InvalidAuthenticationInfo");
  return undefined;
}

function checkSignature(request: SignedRequest, credential: string, account: Account, nowMs: number): void {
  const [, name, signature] = /^([^:\s]+):([A-Za-z0-9+/]+=*)$/.exec(credential) ?? [];
  if (name === undefined || signature === undefined) throw new ServiceError("InvalidAuthenticationInfo");
  const date = request.headers[HEADERS.DATE] ?? request.headers.date;
  const sentMs = Date.parse(String(date ?? ""));
  if (Number.isNaN(sentMs)) throw failed("The request has no valid ocp-date or Date header.");
  if (Math.abs(nowMs - sentMs) > LIMITS.MAX_CLOCK_SKEW_MS) {
    throw failed(
      `The date of the request, ${String(date)}, is more than 15 minutes from ${new Date(nowMs).toUTCString()}.`,
    );
  }
  if (name.toLowerCase() !== account.name.toLowerCase()) {
    throw failed(`This emulator serves the account ${account.name}, not ${name.slice(0, 64)}.`);
  }
  if (!isSignedWith(request, name, account.keys, signature)) {
    throw failed(
      `The MAC signature found in the HTTP request is not the same as any computed signature. Server used following string to sign: '${stringToSign(request, name)}'.`,
    );
  }
}

/**
 * Looks at the claims only: who signed the token cannot be known without its tenant. In practice it is the audience
 * that is wrong, since older clients ask for a token of the management service.
 */
function checkToken(token: string, account: Account, nowMs: number): void {
  if (!account.acceptsUnverifiedTokens) {
    throw unauthorized(
      "This emulator cannot know who signed a bearer token, so it takes none where its key is a secret or other machines reach it. Sign with the account key, or start it with --accept-unverified-tokens.",
    );
  }
  const claims = readClaims(token);
  if (claims === undefined) throw unauthorized("The bearer token is not a JSON web token.");
  const { aud, exp } = claims;
  if (typeof aud !== "string" || !AUDIENCES.includes(aud)) {
    throw unauthorized(`The audience of the bearer token is ${JSON.stringify(aud)}; it must be ${AUDIENCES[0]}/.`);
  }
  if (typeof exp !== "number" || exp * 1000 < nowMs) throw unauthorized("The bearer token has expired.");
}

function readClaims(token: string): { aud?: unknown; exp?: unknown } | undefined {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(parts[1] ?? "", "base64url").toString("utf8"));
    return typeof claims === "object" && claims !== null ? claims : undefined;
  } catch {
    return undefined;
  }
}

function failed(detail: string): ServiceError {
  return new ServiceError("AuthenticationFailed", { values: [{ key: "AuthenticationErrorDetail", value: detail }] });
}

function unauthorized(detail: string): ServiceError {
  return new ServiceError("UnauthorizedRequest", { values: [{ key: "AuthenticationErrorDetail", value: detail }] });
}
