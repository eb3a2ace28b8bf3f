import { setMaxListeners } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { doAndUndo } from "../../src/local/kit/undo.ts";
import { convertAsProcess } from "./alone.ts";
import { BenchStack } from "./benchStack.ts";
import type { ChosenFfmpeg } from "./chosenFfmpeg.ts";
import { runRound } from "./rounds.ts";
import { measureSize } from "./sizeRun.ts";
import type { SizeResult } from "./sizeRun.ts";
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

export interface BenchResult {
  readonly ffmpeg: Pick<ChosenFfmpeg, "path" | "versions">;
  /** How many files are converted at a time. */
  readonly slots: number;
  readonly rounds: number;
  readonly sizes: readonly SizeResult[];
}

/** So many cores has the smallest machine that is worth it. */
const SLOTS = 2;

/** Converts all sizes in all ways, on one stack, which it starts and stops. */
export async function runBench(options: BenchOptions): Promise<BenchResult> {
  const { sizes, rounds, ffmpeg, folder, signal, note } = options;
  const { path, versions, env } = ffmpeg;
  // Everything that waits listens to it.
  setMaxListeners(0, signal);
  note(`ffmpeg is ${path}: ${versions[0]}`);
  const videos = new Map<Size, readonly string[]>();
  for (const size of sizes) {
    note(`Making ${size.files} videos of ${size.seconds} s, unless they are there already`);
    videos.set(size, await makeVideos(path, options.videos, size.files, size.seconds));
  }
  const [data, probes, warmUp] = ["stack", "probes", "warm-up"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const stack = await BenchStack.start({ data, probes, slots: SLOTS, env, signal });
  const measureAll = async (): Promise<BenchResult> => {
    note("Warming up");
    mkdirSync(warmUp);
    const some = [...videos.values()].flat().slice(0, SLOTS);
    const surroundings = { stack, ffmpeg: path, slots: SLOTS, env, signal };
    // The app makes the pool when it needs it, and the peer is to find it.
    for (const video of some) await convertAsProcess(video, data, warmUp, { env, signal });
    await runRound(some, { ...surroundings, folder: warmUp, name: "warm-up" });
    const results: SizeResult[] = [];
    for (const [size, paths] of videos) {
      const where = join(folder, `${size.files}x${size.seconds}`);
      mkdirSync(where);
      results.push(await measureSize(size, paths, { ...surroundings, rounds, folder: where, note }));
    }
    return { ffmpeg: { path, versions }, slots: SLOTS, rounds, sizes: results };
  };
  return doAndUndo(measureAll, [() => stack.stop()]);
}
