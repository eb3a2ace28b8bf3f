import { setTimeout as delay } from "node:timers/promises";

/** The client of the Durable extension has no time limit of its own, and a function that waits for ever takes its process down in the end. */
const BOUND_MS = 30_000;

/** What the Durable extension answers. Throws if it has not answered in time; `what` completes "… has not said in 30 s …". */
export async function answerInTime<Answer>(
  what: string,
  asking: Promise<Answer>,
  { boundMs = BOUND_MS } = {},
): Promise<Answer> {
  const bound = new AbortController();
  const tooLate = delay(boundMs, undefined, { signal: bound.signal }).then(() => {
    throw new Error(`The Durable extension has not said in ${boundMs / 1000} s ${what}`);
  });
  try {
    return await Promise.race([asking, tooLate]);
  } finally {
    tooLate.catch(() => {});
    bound.abort();
  }
}
