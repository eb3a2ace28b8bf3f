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

type Guard = (typeof GUARDS)[number];

/** Somebody else's hold on what a conversion has published, while a new version of the video comes. */
export interface PlannedGuard {
  readonly name: string;
  /** The first is always good. */
  readonly contents: readonly [Content, Content];
  readonly what: Guard;
  readonly on: "result" | "record" | "log";
  /** From the start of the trial. */
  readonly atMs: number;
}

/** Nobody gets the status of the instance with this number, counted from 1, for some time after its start. */
export interface PlannedSilence {
  readonly instance: number;
  readonly answer: "500" | "never";
  readonly seconds: number;
}

/** A run of `mp3drop convert` whose files change while it uploads them, one in each way. */
export interface PlannedConvert {
  /** In the order of their names. */
  readonly changes: readonly FileChange[];
  /** Of the file that stays as it is. */
  readonly content: Content;
  /** From the start of the trial, before the first disruption. */
  readonly atMs: number;
}

export type FileChange = (typeof FILE_CHANGES)[number];

export interface PlannedDisruption {
  readonly what: Disruption;
  /** From the start of the trial. */
  readonly atMs: number;
}

/** How fast things happen in a trial, and how much. */
export interface Pace {
  /** Each comes once at least. */
  readonly disruptionKinds: readonly Disruption[];
  /** How many versions are uploaded about the time of each disruption, at most. */
  readonly burst: number;
  readonly burstMs: number;
  /** How long the videos may be. All differ by more than a verified MP3 may differ from its video. */
  readonly toneSeconds: readonly number[];
  /** When a video is deleted or replaced, from when its last version was uploaded. */
  readonly replacedAfterMs: readonly [least: number, most: number];
  readonly disruptionGapMs: readonly [least: number, most: number];
  readonly pauseMs: number;
  /** How long storage accepts requests that it never answers. */
  readonly silenceMs: number;
  /** For how long requests of the app are held. */
  readonly holdMs: readonly [least: number, most: number];
  /** Each comes on as many kinds of results, on one of a video each. */
  readonly guardKinds: readonly Guard[];
  readonly guardsOfEachKind: 1 | 3;
  readonly infiniteLeaseMs: number;
  readonly unreachableSeconds: number;
  /** Share of the uploads whose event is lost. The sweep leaves the newest uploads alone, so this takes minutes. */
  readonly lostEvents: number;
  /** How long to wait for the last record. */
  readonly patienceMs: number;
}

export interface Plan {
  /** In order of time. A name that comes again is a video that is replaced. */
  readonly steps: readonly (PlannedUpload | PlannedDeletion)[];
  readonly disruptions: readonly PlannedDisruption[];
  readonly guards: readonly PlannedGuard[];
  readonly silence: PlannedSilence;
  readonly convert: PlannedConvert;
}

const SHARES = { silent: 0.08, text: 0.08, replaced: 0.25, deletedFirst: 0.3, eventTwice: 0.25 };
export const GUARDS = ["finite lease", "infinite lease", "snapshot"] as const;
const GUARDED = ["result", "record", "log"] as const;
const FILE_CHANGES = ["replaced", "truncated", "deleted"] as const;
/** The status of one of the first so many conversions is unreachable. */
const UNREACHABLE_AMONG = 10;

export const DISRUPTIONS = [
  "hostKilled",
  "emulatorKilled",
  "bothKilled",
  "storageKilledAfterUpload",
  "storageKilledInPublish",
  "hostPaused",
  "emulatorPaused",
  "storagePaused",
  "storageSilent",
  "outputDeleted",
  "workDeleted",
  "applicationDeleted",
] as const;

/** Everything that the trial itself does, from a seed. */
export function planTrial(conversions: number, seed: number, pace: Pace): Plan {
  const random = seededRandom(seed);
  const disruptions = planDisruptions(conversions, random, pace);
  const steps: Plan["steps"][number][] = [];
  const burst = Math.min(pace.burst, Math.max(1, Math.floor(conversions / disruptions.length)));
  let uploads = 0;
  const upload = (name: string, content: Content, atMs: number): void => {
    steps.push({ name, content, delivery: chooseDelivery(random, pace), atMs });
    uploads++;
  };
  for (let index = 0; uploads < conversions; index++) {
    const disruption = disruptions[Math.floor(uploads / burst) % disruptions.length];
    const awayMs = between([0, pace.burstMs], random);
    // This one waits for an upload.
    const isAfterwards = disruption?.what === "storageKilledAfterUpload";
    let atMs = Math.max(0, (disruption?.atMs ?? 0) + (isAfterwards ? awayMs : -awayMs));
    let content = chooseContent(random, pace);
    upload(nameOf(index), content, atMs);
    while (random.number() < SHARES.replaced && uploads < conversions) {
      if (random.number() < SHARES.deletedFirst) {
        atMs += between(pace.replacedAfterMs, random);
        steps.push({ name: nameOf(index), content: null, atMs });
      }
      atMs += between(pace.replacedAfterMs, random);
      content = anotherTone(content, random, pace);
      upload(nameOf(index), content, atMs);
    }
  }
  const guards = planGuards(random, pace, disruptions.at(-1)?.atMs ?? 0);
  return {
    steps: steps.toSorted((a, b) => a.atMs - b.atMs),
    disruptions,
    guards,
    silence: planSilence(random, pace),
    convert: planConvert(random, pace),
  };
}

/** The failure that such a video must end in; undefined if it must be converted. */
export function expectedFailure({ kind }: Content): string | undefined {
  return kind === "tone" ? undefined : kind === "silent" ? "NoAudioStream" : "UnreadableInput";
}

function planDisruptions(conversions: number, random: Random, pace: Pace): PlannedDisruption[] {
  const count = Math.max(pace.disruptionKinds.length, Math.floor(conversions / pace.burst));
  const planned: PlannedDisruption[] = [];
  let atMs = 0;
  let round: Disruption[] = [];
  while (planned.length < count) {
    if (round.length === 0) round = shuffled(pace.disruptionKinds, random);
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
function anotherTone(content: Content, random: Random, { toneSeconds }: Pace): Content {
  const others = toneSeconds.filter((seconds) => content.kind !== "tone" || seconds !== content.seconds);
  return chooseTone(random, others);
}

function chooseTone(random: Random, toneSeconds: readonly number[]): Content {
  return { kind: "tone", seconds: pick(toneSeconds, random) ?? 1 };
}

function chooseContent(random: Random, { toneSeconds }: Pace): Content {
  const chance = random.number();
  if (chance < SHARES.silent) return { kind: "silent" };
  if (chance < SHARES.silent + SHARES.text) return { kind: "text" };
  return chooseTone(random, toneSeconds);
}

function chooseDelivery(random: Random, { lostEvents }: Pace): Delivery {
  const chance = random.number();
  if (chance < lostEvents) return "never";
  return chance < lostEvents + SHARES.eventTwice ? "twice" : "once";
}

function planGuards(random: Random, pace: Pace, endMs: number): PlannedGuard[] {
  const turns = [0, 1, 2].slice(0, pace.guardsOfEachKind);
  const ways = turns.flatMap((turn) =>
    pace.guardKinds.map((what, index) => [what, GUARDED[(index + turn) % GUARDED.length]] as const),
  );
  return ways.map(([what, on = "result"], index) => {
    const first = chooseTone(random, pace.toneSeconds);
    const second = index % 2 === 0 ? anotherTone(first, random, pace) : ({ kind: "silent" } as const);
    // Early, because the second version has to wait for the first one's results.
    const atMs = between([0, endMs / 4], random);
    return { name: `guarded ${index}.mp4`, contents: [first, second], what, on, atMs };
  });
}

function planSilence(random: Random, { unreachableSeconds: seconds }: Pace): PlannedSilence {
  const instance = 1 + Math.floor(random.number() * UNREACHABLE_AMONG);
  return { instance, answer: pick(["500", "never"], random), seconds };
}

function planConvert(random: Random, { disruptionGapMs: [quietMs], toneSeconds }: Pace): PlannedConvert {
  const content = chooseTone(random, toneSeconds);
  return { changes: shuffled(FILE_CHANGES, random), content, atMs: between([0, quietMs / 2], random) };
}

function pick<const Items extends readonly unknown[]>(items: Items, random: Random): Items[number] {
  return items[Math.floor(random.number() * items.length)];
}

export function between([least, most]: readonly [number, number], random: Random): number {
  return Math.round(least + (most - least) * random.number());
}
