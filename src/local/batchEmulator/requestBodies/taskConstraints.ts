import * as v from "valibot";
import { DURATIONS } from "../limits.ts";
import { countOrUnlimited, duration, optional } from "./schema.ts";

export const taskConstraints = v.object({
  maxWallClockTime: optional(duration()),
  retentionTime: optional(duration()),
  maxTaskRetryCount: optional(countOrUnlimited),
});

export interface TaskConstraints {
  readonly maxWallClockTime: string;
  readonly retentionTime: string;
  readonly maxTaskRetryCount: number;
}

/** What is left out is the job's, or the service's default. */
export function constraintsWithDefaults(
  given: v.InferOutput<typeof taskConstraints> | undefined,
  job: { readonly constraints: { readonly maxTaskRetryCount: number } },
): TaskConstraints {
  return {
    maxWallClockTime: given?.maxWallClockTime ?? DURATIONS.UNLIMITED,
    retentionTime: given?.retentionTime ?? DURATIONS.DEFAULT_RETENTION,
    maxTaskRetryCount: given?.maxTaskRetryCount ?? job.constraints.maxTaskRetryCount,
  };
}
