import { RetryOptions } from "durable-functions";

/** What still fails after this is repeated in later rounds, with longer pauses. */
export const briefRetry = new RetryOptions(1000, 2);
