import { setTimeout as delay } from "node:timers/promises";

/** A service has not answered in time. */
export class UnansweredError extends Error {
  override readonly name = "UnansweredError";
}

/**
 * The answer of a service, in general the Durable extension, or an error if it does not come in time. The client of the
 * extension has no time limit of its own, and a function that waits for ever takes its process down in the end. `what`
 * completes the sentence "The Durable extension has not … in 30 s".
 */
export async function inTime<Answer>(
  what: string,
  boundMs: number,
  answer: Promise<Answer>,
  service = "The Durable extension",
): Promise<Answer> {
  const bound = new AbortController();
  const tooLate = delay(boundMs, undefined, { signal: bound.signal }).then(() => {
    throw new UnansweredError(`${service} has not ${what} in ${boundMs / 1000} s`);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    tooLate.catch(() => {});
    bound.abort();
  }
}
