import * as v from "valibot";
import { errorMessage } from "../kit/errorText.ts";
import { UserError } from "../kit/userError.ts";
import { choices } from "./choices.ts";
import { faultPlan, milliseconds, parseUserInput, range, share } from "./faults/faultPlan.ts";
import { SHORT_TIMINGS } from "./timings.ts";
import type { Timings } from "./timings.ts";

const timingNames = Object.keys(SHORT_TIMINGS) as (keyof Timings)[];

const configuration = v.strictObject({
  ...faultPlan.entries,
  /** Makes the same faults strike in the same order in every run. */
  seed: v.optional(v.pipe(v.number(), v.integer())),
  clockSpeed: v.optional(v.pipe(v.number(), v.minValue(0.001))),
  virtualTasks: v.optional(v.strictObject({ seconds: range(milliseconds), failureRate: v.optional(share, 0) })),
  choices: v.optional(v.partial(choices)),
  timings: v.optional(v.record(v.picklist(timingNames), milliseconds)),
});
/** What can be set about a running emulator, as the option `--faults` takes it: faults, choices, and how time passes. */
export type EmulatorConfiguration = v.InferOutput<typeof configuration>;

/** `source` names the file in messages. */
export function parseConfiguration(text: string, source: string): EmulatorConfiguration {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new UserError("InvalidFaults", `${source} is not JSON: ${errorMessage(cause)}`, { cause });
  }
  return parseUserInput(configuration, json, source);
}
