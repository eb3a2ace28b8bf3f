import * as v from "valibot";
import type { GuardLevels } from "../engine/guards.ts";
import { UserError } from "../../kit/userError.ts";
import type { Clock } from "../../kit/clock.ts";
import { systemClock } from "../../kit/clock.ts";
import { VirtualClock } from "../../kit/virtualClock.ts";

/** Makes a task hub behave as badly as the real one may. */
export interface HubFaults {
  /** Every activity runs twice, as after a crash that lost its first result. */
  readonly executeActivitiesTwice?: boolean;
  /** An activity that still runs after so long is run again beside that, as when its message becomes visible again. */
  readonly redeliverActivitiesAfterMs?: number;
  /** Starts, results and timers arrive twice. Raised events do not: their sender may mean the same event twice. */
  readonly deliverTwice?: boolean;
  /** Warnings of the guards fail the instance too. */
  readonly strictGuards?: boolean;
  /** For some time after its start, nobody gets the status of one of the instances. */
  readonly unreachableStatus?: UnreachableStatus;
  /** Called on both sides of every commit; if it throws, the hub stops as in a crash. */
  readonly onCommit?: (when: "before" | "after") => void;
}

/** The instances are numbered from 1, in the order in which they were first started. */
const UnreachableStatus = v.strictObject({
  instance: v.pipe(v.number(), v.integer(), v.minValue(1)),
  seconds: v.pipe(v.number(), v.minValue(0)),
  answer: v.picklist(["500", "never"]),
});
export type UnreachableStatus = v.InferOutput<typeof UnreachableStatus>;

/** What a task hub runs under. */
export interface HubConditions {
  readonly clock: Clock;
  readonly faults?: HubFaults;
  readonly guards?: GuardLevels;
  /** Called whenever there is nothing left to do but wait for timers. */
  readonly onIdle?: () => void;
}

/** The JSON of the environment variable FUNCTIONS_HOST_FAULTS. */
const FaultSettings = v.strictObject({
  executeActivitiesTwice: v.exactOptional(v.boolean()),
  redeliverActivitiesAfterMs: v.exactOptional(v.pipe(v.number(), v.minValue(0))),
  deliverTwice: v.exactOptional(v.boolean()),
  strictGuards: v.exactOptional(v.boolean()),
  unreachableStatus: v.exactOptional(UnreachableStatus),
  /** Time stands still while there is something to do, and jumps to the next timer when there is not. */
  virtualClock: v.exactOptional(v.boolean()),
  /** Kills the process at a commit; the first is number 1. */
  crash: v.exactOptional(
    v.strictObject({
      when: v.picklist(["before", "after"]),
      commit: v.pipe(v.number(), v.integer(), v.minValue(1)),
    }),
  ),
});

export function readHubFaults(text: string | undefined): HubConditions {
  if (text === undefined || text === "") return { clock: systemClock() };
  const { virtualClock, crash, ...switches } = parse(text);
  const faults = { ...switches, ...(crash !== undefined && { onCommit: killAt(crash.when, crash.commit) }) };
  if (virtualClock !== true) return { clock: systemClock(), faults };
  const clock = new VirtualClock(Date.now());
  return { clock, faults, onIdle: () => clock.jumpToNext() };
}

function killAt(when: "before" | "after", commit: number): NonNullable<HubFaults["onCommit"]> {
  let commits = 0;
  return (side) => {
    if (side === "before") commits++;
    if (side === when && commits === commit) process.kill(process.pid, "SIGKILL");
  };
}

function parse(text: string): v.InferOutput<typeof FaultSettings> {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), FaultSettings), text);
  if (parsed.success) return parsed.output;
  const problems = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? "it"}: ${issue.message}`);
  throw new UserError("BadFaults", `FUNCTIONS_HOST_FAULTS is not valid: ${problems.join("; ")}`, {
    hint: 'Write it as JSON, for example {"deliverTwice":true}.',
  });
}
