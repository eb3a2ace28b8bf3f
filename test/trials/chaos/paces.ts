import type { Pace } from "./plan.ts";

/** Some four minutes for 60 conversions. The stack restarts a service at most five times a minute. */
export const FULL_PACE: Pace = {
  burst: 5,
  burstMs: 4_000,
  disruptionGapMs: [12_000, 18_000],
  pauseMs: 10_000,
  lostEvents: 0.08,
  patienceMs: 600_000,
};

/** For a test: each kind of disruption once, and nothing that is left to the sweep. */
export const SHORT_PACE: Pace = {
  burst: 2,
  burstMs: 2_000,
  disruptionGapMs: [2_000, 3_500],
  pauseMs: 1_000,
  lostEvents: 0,
  patienceMs: 60_000,
};
