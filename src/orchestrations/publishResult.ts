import type { OrchestrationContext } from "durable-functions";
import { publish } from "../activities/index.ts";
import type { PublishInput } from "../activities/publish.ts";
import type { Step } from "../durable.ts";
import { readActivityError } from "../model/activityError.ts";
import type { ConversionRecord } from "../model/conversion.ts";
import type { Failure } from "../model/failures.ts";
import { failureOf } from "../model/failures.ts";
import { addSeconds, secondsBetween } from "../model/time.ts";
import type { Cancellation } from "./cancellation.ts";
import { nextDelaySeconds } from "./polling.ts";
import { patientRetry } from "./retries.ts";

type PublishResult =
  | { readonly status: "published"; readonly record: ConversionRecord }
  | { readonly status: "superseded" }
  | { readonly status: "failed"; readonly failure: Failure };

/** A copy within the account takes seconds. When Azure Storage cannot finish one, it keeps trying for two weeks. */
const COPY_PATIENCE_SECONDS = 3600;

/** Publishes what the task has staged, and waits while Azure Storage copies it. */
export function* publishWhenCopied(
  context: OrchestrationContext,
  cancellation: Cancellation,
  input: PublishInput,
): Step<PublishResult> {
  const begun = context.df.currentUtcDateTime;
  try {
    for (;;) {
      const published = yield* publish(input, patientRetry);
      if (published.status === "rejected") return fail(published.failure);
      if (published.status !== "copying") return published;

      const now = context.df.currentUtcDateTime;
      const copyingSeconds = secondsBetween(begun, now);
      if (copyingSeconds >= COPY_PATIENCE_SECONDS) return fail(failureOf("CopyTimedOut"));
      yield* cancellation.sleepUntil(addSeconds(now, nextDelaySeconds(copyingSeconds)));
      if (cancellation.isRequested()) return fail(failureOf("Cancelled"));
    }
  } catch (error) {
    const { code, reason } = readActivityError(error);
    return fail(failureOf(code, reason));
  }
}

function fail(failure: Failure): PublishResult {
  return { status: "failed", failure };
}
