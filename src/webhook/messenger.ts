import type { WebhookSettings } from "../config.ts";
import { EVENT_TYPE } from "../model/conversionEvent.ts";
import type { Delivery, Messenger } from "../services.ts";
import { sign } from "./signature.ts";

/** Receivers are asked to answer at once and to do their work later: https://www.standardwebhooks.com */
const TIMEOUT_MS = 15_000;
/** Of the refusals, those that pass. */
const PASSING = new Set([408, 429]);

/** Posts each event to a URL. */
export function createWebhook(
  { url, secret }: WebhookSettings,
  { now = () => new Date(), timeoutMs = TIMEOUT_MS } = {},
): Messenger {
  return {
    async send(event) {
      const body = JSON.stringify(event);
      const headers = { "content-type": EVENT_TYPE, ...sign(secret, event.id, now(), body) };
      try {
        const signal = AbortSignal.timeout(timeoutMs);
        // What is meant for this URL goes nowhere else.
        const answer = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
        // Nobody reads it, and a body that never ends must not hold the connection.
        await answer.body?.cancel().catch(() => undefined);
        return judge(answer);
      } catch (error) {
        return { status: "unavailable", httpStatus: null, reason: whyNot(error), retryAfterSeconds: 0 };
      }
    },
  };
}

function judge({ ok, status, headers }: Response): Delivery {
  if (ok) return { status: "taken" };
  const isFinal = status >= 400 && status < 500 && !PASSING.has(status);
  return {
    status: isFinal ? "refused" : "unavailable",
    httpStatus: status,
    reason: `NOTIFY_URL answered ${status}`,
    retryAfterSeconds: secondsIn(headers.get("retry-after")),
  };
}

/** A date, which is the other form of the header, is left out. */
function secondsIn(retryAfter: string | null): number {
  return retryAfter !== null && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : 0;
}

/** By its code only: the message may hold the address. */
function whyNot(error: unknown): string {
  const { name = "", cause } = error as { readonly name?: string; readonly cause?: { readonly code?: string } };
  return name === "TimeoutError"
    ? "NOTIFY_URL did not answer in time"
    : `NOTIFY_URL did not answer: ${cause?.code ?? name}`;
}
