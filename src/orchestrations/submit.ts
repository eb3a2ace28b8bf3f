import type { OrchestrationContext } from "durable-functions";
import { ensureBatch, submitTask } from "../activities/index.ts";
import type { SubmitTaskInput } from "../activities/submitTask.ts";
import type { Step } from "../durable.ts";
import type { ActivityFailure } from "../model/activityError.ts";
import { readActivityError } from "../model/activityError.ts";
import type { Submission } from "../model/batchTask.ts";
import type { Failure } from "../model/failures.ts";
import { failureOf } from "../model/failures.ts";
import { addSeconds, secondsBetween } from "../model/time.ts";
import type { Cancellation } from "./cancellation.ts";
import { nextDelaySeconds } from "./polling.ts";
import { briefRetry } from "./retries.ts";
import { report } from "./status.ts";

type SubmitResult =
  | { readonly status: "submitted"; readonly submission: Submission }
  | { readonly status: "superseded" }
  | { readonly status: "failed"; readonly failure: Failure };

/** How long the services may be down, or refuse us, before an attempt without a task gives up. */
const PATIENCE_SECONDS = 4 * 3600;

/**
 * Makes sure that everything a task needs is there, and adds the task. Whatever fails is tried again with growing
 * pauses, and the status says why: no upload must be lost because a service is down for a while, or a setting is wrong.
 */
export function* submit(
  context: OrchestrationContext,
  cancellation: Cancellation,
  task: SubmitTaskInput,
): Step<SubmitResult> {
  const begun = context.df.currentUtcDateTime;
  const deadline = addSeconds(begun, PATIENCE_SECONDS);
  report(context, task.attempt, "preparing");
  for (;;) {
    let problem: ActivityFailure;
    try {
      yield* ensureBatch({ attempt: task.attempt }, briefRetry);
      const submitted = yield* submitTask(task, briefRetry);
      if (submitted.status !== "deleted") return submitted;
      return { status: "failed", failure: failureOf("InputMissing") };
    } catch (error) {
      problem = readActivityError(error);
    }
    const now = context.df.currentUtcDateTime;
    if (now >= deadline) return { status: "failed", failure: failureOf(problem.code, problem.reason) };
    report(context, task.attempt, "preparing", { waitReason: problem.reason });
    yield* cancellation.sleepUntil(addSeconds(now, nextDelaySeconds(secondsBetween(begun, now))));
    if (cancellation.isRequested()) return { status: "failed", failure: failureOf("Cancelled") };
  }
}
