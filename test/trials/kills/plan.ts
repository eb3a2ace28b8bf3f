import type { Random } from "../../../src/local/batchEmulator/random.ts";
import { shuffled } from "../../../src/local/batchEmulator/random.ts";
import { between, nameOf } from "../chaos/plan.ts";

/** What is killed with `kill -9`. "all": the main process, its services and the tasks that run, in one go. */
export type Target = (typeof TARGETS)[number];

export interface Round {
  readonly target: Target;
  /** From when the stack is up; or from the last kill, which strikes many a stack while it starts. */
  readonly afterMs: number;
  readonly waitsForStack: boolean;
}

export interface PlannedUpload {
  readonly name: string;
  /** Index of the video. */
  readonly video: number;
  /** From the end of the last upload. */
  readonly afterMs: number;
}

export const TARGETS = ["main", "all", "azurite", "batch", "functions"] as const;

const KILLED_AFTER_MS = [100, 4_000] as const;
const UPLOADED_AFTER_MS = [100, 1_000] as const;
const SHARES = { killedWhileStarting: 0.15, replaced: 0.4 };

/** Every target comes up equally often, in random order. */
export function planRounds(count: number, random: Random): Round[] {
  const rounds: Round[] = [];
  let targets: Target[] = [];
  while (rounds.length < count) {
    if (targets.length === 0) targets = shuffled(TARGETS, random);
    const target = targets.pop();
    const waitsForStack = random.number() >= SHARES.killedWhileStarting;
    if (target !== undefined) rounds.push({ target, afterMs: between(KILLED_AFTER_MS, random), waitsForStack });
  }
  return rounds;
}

/** Without end. A name that comes again has another video than before. */
export function* planUploads(videos: number, random: Random): Generator<PlannedUpload, never> {
  const current: number[] = [];
  for (;;) {
    const isReplacement = current.length > 0 && random.number() < SHARES.replaced;
    const index = isReplacement ? Math.floor(random.number() * current.length) : current.length;
    const others = [...Array(videos).keys()].filter((video) => video !== current[index]);
    const video = others[Math.floor(random.number() * others.length)] ?? 0;
    current[index] = video;
    yield { name: nameOf(index), video, afterMs: between(UPLOADED_AFTER_MS, random) };
  }
}
