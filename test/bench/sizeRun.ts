import { statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Alone } from "./alone.ts";
import { convertAlone, convertAsProcess } from "./alone.ts";
import type { Costs, Spread } from "./figures.ts";
import { costsOfFile, mediansOf, ratiosOf, spreadOf } from "./figures.ts";
import type { Round, RoundOptions, Side } from "./rounds.ts";
import { runRound, SIDES } from "./rounds.ts";
import type { Size } from "./sizes.ts";

/** Times in seconds. */
export interface SizeResult extends Size {
  /** Mean of a video. */
  readonly bytes: number;
  /** For all files, by the clock. */
  readonly wall: Readonly<Record<Side, Spread>>;
  /** Of `convert`, round by round. */
  readonly toPeer: Spread;
  readonly toFfmpeg: Spread;
  /** Of one file at a time, from the end of its upload to its record, less what plain ffmpeg takes. */
  readonly latency: Spread;
  readonly aloneFfmpeg: Spread;
  /** Of that time, ffmpeg not taken off: medians. */
  readonly steps: Readonly<Record<string, number>>;
  readonly underWay: Readonly<Record<string, number>>;
  /** `mp3drop convert` of one file, from start to exit: with the stack running, and with none. */
  readonly warm: Spread;
  readonly cold: Spread;
  readonly costs: Readonly<Record<Side, Costs>>;
}

interface SizeOptions extends Omit<RoundOptions, "name"> {
  readonly rounds: number;
  readonly note: (text: string) => void;
}

const ALONE = 5;
/** Of long ones, fewer are enough. */
const LONG_SECONDS = 300;
const ALONE_IF_LONG = 3;

/** Has all videos converted in turn, round by round, then some of them alone. */
export async function measureSize(size: Size, videos: readonly string[], options: SizeOptions): Promise<SizeResult> {
  const { stack, ffmpeg, env, signal, folder, note } = options;
  const name = `${size.files}x${size.seconds}`;
  const rounds: Round[] = [];
  for (let round = 1; round <= options.rounds; round++) {
    const result = await runRound(videos, { ...options, name: `${name}-r${round}` });
    const seconds = SIDES.map((side) => `${side} ${result[side].seconds.toFixed(2)} s`).join(", ");
    note(`${size.files} videos of ${size.seconds} s, round ${round}: ${seconds}`);
    rounds.push(result);
  }
  const some = videos.slice(0, size.seconds > LONG_SECONDS ? ALONE_IF_LONG : ALONE);
  note(`Converting ${some.length} of them one by one`);
  const alone: Alone[] = [];
  const warm: number[] = [];
  const cold: number[] = [];
  for (const video of some) {
    alone.push(await convertAlone(stack, video, `${name}-${basename(video)}`, { ffmpeg, folder }));
    warm.push(await convertAsProcess(video, stack.connection.data, folder, { env, signal }));
    cold.push(await convertAsProcess(video, join(folder, `cold-${basename(video)}`), folder, { env, signal }));
  }
  const bytes = videos.reduce((sum, video) => sum + statSync(video).size, 0) / videos.length;
  return {
    ...size,
    bytes,
    ...summaryOf(rounds, size.files),
    ...summaryOfAlone(alone),
    warm: spreadOf(warm),
    cold: spreadOf(cold),
  };
}

function summaryOf(
  rounds: readonly Round[],
  files: number,
): Pick<SizeResult, "wall" | "toPeer" | "toFfmpeg" | "costs"> {
  const wall = (side: Side): number[] => rounds.map((round) => round[side].seconds);
  const costs = (side: Side): Costs =>
    costsOfFile(
      rounds.map((round) => round[side].costs),
      files,
    );
  return {
    wall: { peer: spreadOf(wall("peer")), convert: spreadOf(wall("convert")), ffmpeg: spreadOf(wall("ffmpeg")) },
    toPeer: ratiosOf(wall("convert"), wall("peer")),
    toFfmpeg: ratiosOf(wall("convert"), wall("ffmpeg")),
    costs: { peer: costs("peer"), convert: costs("convert"), ffmpeg: costs("ffmpeg") },
  };
}

function summaryOfAlone(alone: readonly Alone[]): Pick<SizeResult, "latency" | "aloneFfmpeg" | "steps" | "underWay"> {
  return {
    latency: spreadOf(alone.map(({ recordSeconds, ffmpegSeconds }) => recordSeconds - ffmpegSeconds)),
    aloneFfmpeg: spreadOf(alone.map(({ ffmpegSeconds }) => ffmpegSeconds)),
    steps: mediansOf(alone.map(({ steps }) => steps)),
    underWay: mediansOf(alone.map(({ underWay }) => underWay)),
  };
}
