import { RetryOptions } from "durable-functions";

/** For calls that a conversion cannot do without: some five minutes, enough for a service to come back. */
export const patientRetry = retry({ firstSeconds: 1, attempts: 10, maxSeconds: 60 });

/** For calls that are repeated anyway. */
export const briefRetry = retry({ firstSeconds: 1, attempts: 2, maxSeconds: 5 });

function retry(limits: { firstSeconds: number; attempts: number; maxSeconds: number }): RetryOptions {
  const options = new RetryOptions(limits.firstSeconds * 1000, limits.attempts);
  options.backoffCoefficient = 2;
  options.maxRetryIntervalInMilliseconds = limits.maxSeconds * 1000;
  return options;
}
