import type { Pace } from "./plan.ts";
import { DISRUPTIONS, GUARDS } from "./plan.ts";

/** Some five minutes for 40 conversions. The stack restarts a service at most five times a minute. */
export const FULL_PACE: Pace = {
  disruptionKinds: DISRUPTIONS,
  burst: 5,
  burstMs: 4_000,
  toneSeconds: [1, 2, 3, 5, 8, 20, 60, 300],
  replacedAfterMs: [200, 12_000],
  disruptionGapMs: [12_000, 16_000],
  pauseMs: 10_000,
  silenceMs: 20_000,
  holdMs: [2_000, 15_000],
  guardKinds: GUARDS,
  guardsOfEachKind: 3,
  infiniteLeaseMs: 25_000,
  unreachableSeconds: 210,
  lostEvents: 0.08,
  patienceMs: 600_000,
};

/** For a test: nothing that is left to the sweep, which leaves the newest uploads alone, or that waits for half a minute. */
export const SHORT_PACE: Pace = {
  disruptionKinds: [
    "hostKilled",
    "emulatorKilled",
    "bothKilled",
    "storageKilledAfterUpload",
    "storageKilledInPublish",
    "hostPaused",
    "emulatorPaused",
    "storagePaused",
  ],
  burst: 2,
  burstMs: 1_500,
  toneSeconds: [1, 2, 3, 5, 8, 13, 20, 60],
  replacedAfterMs: [200, 4_000],
  disruptionGapMs: [1_500, 2_500],
  pauseMs: 1_000,
  silenceMs: 0,
  holdMs: [1_500, 3_000],
  guardKinds: ["infinite lease", "snapshot"],
  guardsOfEachKind: 1,
  infiniteLeaseMs: 3_000,
  unreachableSeconds: 5,
  lostEvents: 0,
  patienceMs: 240_000,
};
