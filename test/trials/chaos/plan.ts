import type { Random } from "../../../src/local/batchEmulator/random.ts";
import { seededRandom, shuffled } from "../../../src/local/batchEmulator/random.ts";

/** What a video holds. A tone lasts so many seconds, by which versions of one video are told apart. */
export type Content = { readonly kind: "tone"; readonly seconds: number } | { readonly kind: "silent" | "text" };

/** How often the event of an upload is delivered. What is never delivered is left to the sweep. */
export type Delivery = "once" | "twice" | "never";

interface PlannedUpload {
  readonly name: string;
  readonly content: Content;
  readonly delivery: Delivery;
  /** From the start of the trial. */
  readonly atMs: number;
}

/** The video is deleted; a new version of it follows. */
interface PlannedDeletion {
  readonly name: string;
  readonly content: null;
  readonly atMs: number;
}

export type Disruption = (typeof DISRUPTIONS)[number];

export interface PlannedDisruption {
  readonly what: Disruption;
  /** From the start of the trial. */
  readonly atMs: number;
}

/** How fast things happen in a trial. */
export interface Pace {
  /** How many versions are uploaded shortly before each disruption. There is at least one disruption of each kind. */
  readonly burst: number;
  readonly burstMs: number;
  readonly disruptionGapMs: readonly [least: number, most: number];
  readonly pauseMs: number;
  /** Share of the uploads whose event is lost. The sweep leaves the newest uploads alone, so this takes minutes. */
  readonly lostEvents: number;
  /** How long to wait for the last record. */
  readonly patienceMs: number;
}

export interface Plan {
  /** In order of time. A name that comes again is a video that is replaced. */
  readonly steps: readonly (PlannedUpload | PlannedDeletion)[];
  readonly disruptions: readonly PlannedDisruption[];
}

const SHARES = { silent: 0.08, text: 0.08, replaced: 0.25, deletedFirst: 0.3, eventTwice: 0.25 };
/** All differ by more than a verified MP3 may differ from its video. */
const TONE_SECONDS = [1, 2, 3, 5, 8, 20, 60, 300] as const;
const REPLACED_AFTER_MS = [200, 12_000] as const;
const DISRUPTIONS = [
  "hostKilled",
  "emulatorKilled",
  "bothKilled",
  "hostPaused",
  "emulatorPaused",
  "storagePaused",
] as const;

/** Everything that the trial itself does, from a seed. */
export function planTrial(conversions: number, seed: number, pace: Pace): Plan {
  const random = seededRandom(seed);
  const disruptions = planDisruptions(conversions, random, pace);
  const steps: Plan["steps"][number][] = [];
  let uploads = 0;
  const upload = (name: string, content: Content, atMs: number): void => {
    steps.push({ name, content, delivery: chooseDelivery(random, pace), atMs });
    uploads++;
  };
  for (let index = 0; uploads < conversions; index++) {
    const disruptedAtMs = disruptions[Math.floor(uploads / pace.burst) % disruptions.length]?.atMs ?? 0;
    let atMs = disruptedAtMs - between([0, pace.burstMs], random);
    let content = chooseContent(random);
    upload(nameOf(index), content, atMs);
    while (random.number() < SHARES.replaced && uploads < conversions) {
      if (random.number() < SHARES.deletedFirst) {
        atMs += between(REPLACED_AFTER_MS, random);
        steps.push({ name: nameOf(index), content: null, atMs });
      }
      atMs += between(REPLACED_AFTER_MS, random);
      content = anotherTone(content, random);
      upload(nameOf(index), content, atMs);
    }
  }
  return { steps: steps.toSorted((a, b) => a.atMs - b.atMs), disruptions };
}

/** The failure that such a video must end in; undefined if it must be converted. */
export function expectedFailure({ kind }: Content): string | undefined {
  return kind === "tone" ? undefined : kind === "silent" ? "NoAudioStream" : "UnreadableInput";
}

function planDisruptions(conversions: number, random: Random, pace: Pace): PlannedDisruption[] {
  const count = Math.max(DISRUPTIONS.length, Math.floor(conversions / pace.burst));
  const planned: PlannedDisruption[] = [];
  let atMs = 0;
  let round: Disruption[] = [];
  while (planned.length < count) {
    if (round.length === 0) round = shuffled(DISRUPTIONS, random);
    atMs += between(pace.disruptionGapMs, random);
    const what = round.pop();
    if (what !== undefined) planned.push({ what, atMs });
  }
  return planned;
}

export function nameOf(index: number): string {
  const names = [`video ${index}.mp4`, `talks/ä & b/${index}.MP4`, `100% #${index}?.mp4`, `a.b/c'd ${index}.Mp4`];
  return names[index % names.length] ?? "";
}

/** A bad video must not follow a good one, whose MP3 would stay. */
function anotherTone(content: Content, random: Random): Content {
  const others = TONE_SECONDS.filter((seconds) => content.kind !== "tone" || seconds !== content.seconds);
  return { kind: "tone", seconds: pick(others, random) };
}

function chooseContent(random: Random): Content {
  const chance = random.number();
  if (chance < SHARES.silent) return { kind: "silent" };
  if (chance < SHARES.silent + SHARES.text) return { kind: "text" };
  return { kind: "tone", seconds: pick(TONE_SECONDS, random) };
}

function chooseDelivery(random: Random, { lostEvents }: Pace): Delivery {
  const chance = random.number();
  if (chance < lostEvents) return "never";
  return chance < lostEvents + SHARES.eventTwice ? "twice" : "once";
}

function pick<const Items extends readonly unknown[]>(items: Items, random: Random): Items[number] {
  return items[Math.floor(random.number() * items.length)];
}

export function between([least, most]: readonly [number, number], random: Random): number {
  return Math.round(least + (most - least) * random.number());
}
