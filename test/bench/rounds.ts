import { linkSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BenchStack } from "./benchStack.ts";
import { POOL_ID } from "./benchStack.ts";
import type { Costs } from "./figures.ts";
import { convertPlainly } from "./plainFfmpeg.ts";
import { runConvert, runPeer } from "./programs.ts";

export const SIDES = ["peer", "convert", "ffmpeg"] as const;
export type Side = (typeof SIDES)[number];

/** What one side took for all files of a round. */
export interface Measured {
  readonly seconds: number;
  readonly costs: Costs;
}

export type Round = Readonly<Record<Side, Measured>>;

export interface RoundOptions {
  readonly stack: BenchStack;
  readonly ffmpeg: string;
  /** How many files are converted at a time. */
  readonly slots: number;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** An empty folder. */
  readonly folder: string;
  /** New for each round, so that no side finds results of an earlier one: letters, digits and hyphens. */
  readonly name: string;
}

/** Has the same files converted by each side, one side after the other. */
export async function runRound(videos: readonly string[], options: RoundOptions): Promise<Round> {
  const { stack, ffmpeg, slots, env, signal, name } = options;
  const inputs = join(options.folder, name);
  const out = (side: Side): string => join(options.folder, `${name}-${side}`);
  mkdirSync(inputs);
  for (const side of SIDES) mkdirSync(out(side));
  const paths = videos.map((video, index) => {
    const path = join(inputs, `${name}-${String(index + 1).padStart(3, "0")}.mp4`);
    linkSync(video, path);
    return path;
  });
  const { storage, batch, data } = stack.connection;
  const measure = async (side: Side, action: () => Promise<unknown>): Promise<Measured> => {
    const { seconds, costs } = await stack.measure(action);
    checkResults(out(side), videos.length);
    return { seconds, costs };
  };
  const peer = await measure("peer", () =>
    runPeer(
      {
        connectionString: storage.connectionString,
        batch,
        poolId: POOL_ID,
        jobId: `peer-${name}`,
        inputContainer: "peer-input",
        outputContainer: "peer-output",
        videos: inputs,
        out: out("peer"),
      },
      { env, signal },
    ),
  );
  const convert = await measure("convert", () =>
    runConvert([inputs, "--data", data, "--out", out("convert")], { env, signal }),
  );
  const plain = await measure("ffmpeg", () => convertPlainly(ffmpeg, paths, out("ffmpeg"), slots));
  for (const folder of [inputs, ...SIDES.map(out)]) rmSync(folder, { recursive: true });
  return { peer, convert, ffmpeg: plain };
}

function checkResults(folder: string, wanted: number): void {
  const results = readdirSync(folder).filter((name) => statSync(join(folder, name)).size > 0);
  if (results.length !== wanted) throw new Error(`${folder} has ${results.length} results, not ${wanted}`);
}
