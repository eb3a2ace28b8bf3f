import { setMaxListeners } from "node:events";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { doAndUndo } from "../../src/local/kit/undo.ts";
import { convertAlone, convertAsProcess } from "./alone.ts";
import { BenchStack } from "./benchStack.ts";
import type { ChosenFfmpeg } from "./chosenFfmpeg.ts";
import type { Costs, Spread } from "./figures.ts";
import { costsOfFile, ratiosOf, spreadOf } from "./figures.ts";
import type { Round, Side } from "./rounds.ts";
import { runRound, SIDES } from "./rounds.ts";
import type { Size } from "./sizes.ts";
import { makeVideos } from "./videos.ts";

interface BenchOptions {
  readonly sizes: readonly Size[];
  readonly rounds: number;
  readonly ffmpeg: ChosenFfmpeg;
  /** Where the videos are kept. */
  readonly videos: string;
  /** For everything else; empty. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

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
  /** `mp3drop convert` of one file, from start to exit: with the stack running, and with none. */
  readonly warm: Spread;
  readonly cold: Spread;
  readonly costs: Readonly<Record<Side, Costs>>;
}

export interface BenchResult {
  readonly ffmpeg: { readonly path: string; readonly versions: readonly string[] };
  /** How many files are converted at a time. */
  readonly slots: number;
  readonly rounds: number;
  readonly sizes: readonly SizeResult[];
}

/** As many as there are cores on the smallest machine that is worth it. */
const SLOTS = 2;
const ALONE = 5;
const LONG_SECONDS = 300;
const ALONE_IF_LONG = 3;

export async function runBench(options: BenchOptions): Promise<BenchResult> {
  const { sizes, rounds, ffmpeg, folder, signal, note } = options;
  // Everything that waits listens to it.
  setMaxListeners(0, signal);
  note(`ffmpeg is ${ffmpeg.path}: ${ffmpeg.versions[0]}`);
  const videos = new Map<Size, readonly string[]>();
  for (const size of sizes) {
    note(`Making ${size.files} videos of ${size.seconds} s, unless they are there already`);
    videos.set(size, await makeVideos(ffmpeg.path, options.videos, size.files, size.seconds));
  }
  const stack = await BenchStack.start({
    data: join(folder, "stack"),
    probes: join(folder, "probes"),
    slots: SLOTS,
    env: ffmpeg.env,
    signal,
  });
  const measureAll = async (): Promise<BenchResult> => {
    note("Warming up");
    const [some = []] = videos.values();
    const warmUp = join(folder, "warm-up");
    mkdirSync(warmUp);
    for (const video of some.slice(0, 1)) {
      // The app makes the pool when it needs it, and the peer is to find it.
      await convertAsProcess(video, stack.connection.data, warmUp, { env: ffmpeg.env, signal });
    }
    await runRound(some.slice(0, SLOTS), { ...common(warmUp), name: "warm" });
    const results: SizeResult[] = [];
    for (const [size, paths] of videos) results.push(await measureSize(size, paths));
    return { ffmpeg: { path: ffmpeg.path, versions: ffmpeg.versions }, slots: SLOTS, rounds, sizes: results };
  };
  const common = (where: string) => ({
    stack,
    ffmpeg: ffmpeg.path,
    slots: SLOTS,
    env: ffmpeg.env,
    signal,
    folder: where,
  });
  const measureSize = async (size: Size, paths: readonly string[]): Promise<SizeResult> => {
    const where = join(folder, `${size.files}x${size.seconds}`);
    mkdirSync(where);
    const done: Round[] = [];
    for (let round = 1; round <= rounds; round++) {
      const result = await runRound(paths, { ...common(where), name: `s${size.seconds}-r${round}` });
      const seconds = SIDES.map((side) => `${side} ${result[side].seconds.toFixed(2)} s`).join(", ");
      note(`${size.files} videos of ${size.seconds} s, round ${round}: ${seconds}`);
      done.push(result);
    }
    const alone = paths.slice(0, size.seconds > LONG_SECONDS ? ALONE_IF_LONG : ALONE);
    note(`Converting ${alone.length} of them one by one`);
    const latencies: number[] = [];
    const warm: number[] = [];
    const cold: number[] = [];
    for (const [index, path] of alone.entries()) {
      const name = `s${size.seconds}-alone-${String(index + 1).padStart(3, "0")}.mp4`;
      const { recordSeconds, ffmpegSeconds } = await convertAlone(stack, path, name, {
        ffmpeg: ffmpeg.path,
        folder: where,
        signal,
      });
      latencies.push(recordSeconds - ffmpegSeconds);
      warm.push(await convertAsProcess(path, stack.connection.data, where, { env: ffmpeg.env, signal }));
      cold.push(await convertAsProcess(path, join(where, `cold-${index}`), where, { env: ffmpeg.env, signal }));
    }
    const wallOf = (side: Side): number[] => done.map((round) => round[side].seconds);
    const costsOf = (side: Side): Costs =>
      costsOfFile(
        done.map((round) => round[side].costs),
        size.files,
      );
    return {
      ...size,
      bytes: paths.reduce((sum, path) => sum + statSync(path).size, 0) / paths.length,
      wall: {
        peer: spreadOf(wallOf("peer")),
        convert: spreadOf(wallOf("convert")),
        ffmpeg: spreadOf(wallOf("ffmpeg")),
      },
      toPeer: ratiosOf(wallOf("convert"), wallOf("peer")),
      toFfmpeg: ratiosOf(wallOf("convert"), wallOf("ffmpeg")),
      latency: spreadOf(latencies),
      warm: spreadOf(warm),
      cold: spreadOf(cold),
      costs: { peer: costsOf("peer"), convert: costsOf("convert"), ffmpeg: costsOf("ffmpeg") },
    };
  };
  return doAndUndo(measureAll, [() => stack.stop()]);
}
