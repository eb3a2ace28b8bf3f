import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BenchStack } from "./benchStack.ts";
import { convertPlainly } from "./plainFfmpeg.ts";
import { runConvert } from "./programs.ts";
import type { Timeline } from "./timeline.ts";
import { timelineOf } from "./timeline.ts";

/** With the port before it. */
const RECORDS = /^\d+ host PUT output \S+\.json$/;

export interface Alone extends Pick<Timeline, "steps" | "underWay"> {
  /** From the end of the upload to the record. */
  readonly recordSeconds: number;
  /** What plain ffmpeg took for the same file just afterwards. */
  readonly ffmpegSeconds: number;
}

/** Uploads one file to the warm stack, which has nothing else to do, and waits for its record without a request. */
export async function convertAlone(
  stack: BenchStack,
  video: string,
  name: string,
  { ffmpeg, folder }: { readonly ffmpeg: string; readonly folder: string },
): Promise<Alone> {
  const uploadedAt = await stack.untilStored(RECORDS, async () => {
    await stack.container("input").getBlockBlobClient(name).uploadFile(video);
    return performance.timeOrigin + performance.now();
  });
  const { recordedAt, steps, underWay } = timelineOf(await stack.answered(), uploadedAt);
  const [plainMs = Number.NaN] = await convertPlainly(ffmpeg, [video], folder, 1);
  return { recordSeconds: (recordedAt - uploadedAt) / 1_000, ffmpegSeconds: plainMs / 1_000, steps, underWay };
}

/** Seconds of `mp3drop convert` with one file, from start to exit. Where no stack runs on the data folder, it runs one. */
export async function convertAsProcess(
  video: string,
  data: string,
  folder: string,
  surroundings: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<number> {
  const out = mkdtempSync(join(folder, "alone-"));
  const startedAt = performance.now();
  await runConvert([video, "--data", data, "--out", out], surroundings);
  const seconds = (performance.now() - startedAt) / 1_000;
  rmSync(out, { recursive: true });
  return seconds;
}
