import { setTimeout as delay } from "node:timers/promises";
import type { HttpClient, HttpHeadersLike } from "@azure/ms-rest-js";

/** An activity is short and never waits: what is longer is left to the orchestration. */
export const MAX_WAIT_SECONDS = 2;
/** Nobody is taken at his word for longer than this. */
const MAX_PAUSE_SECONDS = 300;

const REFUSALS = new Set([429, 503]);

interface GateOptions {
  /** In milliseconds, from any start. */
  readonly now?: () => number;
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/** Batch is not asked, because it wants to be left alone for longer than an activity can wait. */
export class GateClosedError extends Error {
  override readonly name = "GateClosedError";
  readonly code = "TooManyRequests";
  readonly statusCode = 429;
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super(`it has asked for a pause, of which ${Math.ceil(retryAfterSeconds)} s are left`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * All requests of a client go through its gate. A refusal with `Retry-After` is meant for the account, not for the one
 * request that met it, so it closes the gate for all of them: for a moment they wait, for longer they fail at once.
 * https://learn.microsoft.com/azure/batch/error-handling#error-codes
 */
export class Gate {
  readonly #now: () => number;
  readonly #sleep: (milliseconds: number) => Promise<unknown>;
  readonly #random: () => number;
  #opensAt = -Infinity;

  constructor({ now = () => performance.now(), sleep = delay, random = Math.random }: GateOptions = {}) {
    this.#now = now;
    this.#sleep = sleep;
    this.#random = random;
  }

  /** What somebody else was told before still holds. */
  closeFor(seconds: number): void {
    this.#opensAt = Math.max(this.#opensAt, this.#now() + seconds * 1000);
  }

  /**
   * Resolves when a request may be made, after `MAX_WAIT_SECONDS` at most. Throws a `GateClosedError` if that takes
   * longer. Who waits comes back at a moment of its own, lest all come at once.
   */
  async pass(): Promise<void> {
    const latest = this.#now() + MAX_WAIT_SECONDS * 1000;
    for (;;) {
      const leftMs = this.#opensAt - this.#now();
      if (leftMs <= 0) return;
      if (this.#opensAt > latest) throw new GateClosedError(this.#spread(leftMs) / 1000);
      await this.#sleep(Math.min(this.#spread(leftMs), latest - this.#now()));
    }
  }

  #spread(milliseconds: number): number {
    return milliseconds * (1 + this.#random() / 2);
  }
}

/** The same client, through the gate. */
export function gated(client: HttpClient, gate: Gate): HttpClient {
  return {
    sendRequest: async (request) => {
      await gate.pass();
      const response = await client.sendRequest(request);
      if (REFUSALS.has(response.status)) gate.closeFor(retryAfterSeconds(response.headers) ?? 0);
      return response;
    },
  };
}

/**
 * Reads `Retry-After`, seconds or a date: https://www.rfc-editor.org/rfc/rfc9110#name-retry-after. Undefined where there
 * is none, five minutes where it is longer. A date is held against the clock of the answer, because ours may differ.
 */
export function retryAfterSeconds(headers: HttpHeadersLike): number | undefined {
  const value = headers.get("retry-after")?.trim();
  if (!value) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : secondsUntil(value, headers.get("date"));
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(0, seconds), MAX_PAUSE_SECONDS);
}

function secondsUntil(date: string, answeredAt = new Date().toUTCString()): number {
  return (Date.parse(date) - Date.parse(answeredAt)) / 1000;
}
