import { setTimeout as delay } from "node:timers/promises";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { resultNamesFor } from "../../src/workloads/resultNames.ts";
import type { BenchStack } from "./benchStack.ts";
import { convertPlainly } from "./plainFfmpeg.ts";
import { runConvert } from "./programs.ts";

/** Often enough to go on soon; when the record came is known from the storage. */
const LOOK_EVERY_MS = 100;

interface Alone {
  /** From the end of the upload to the record. */
  readonly recordSeconds: number;
  /** What plain ffmpeg took for the same file just afterwards. */
  readonly ffmpegSeconds: number;
}

/** Uploads one file to the warm stack, which has nothing else to do, and waits for its record. */
export async function convertAlone(
  stack: BenchStack,
  video: string,
  name: string,
  { ffmpeg, folder, signal }: { readonly ffmpeg: string; readonly folder: string; readonly signal: AbortSignal },
): Promise<Alone> {
  const { record } = resultNamesFor(mp3, name);
  await stack.container("input").getBlockBlobClient(name).uploadFile(video);
  const uploadedAt = performance.timeOrigin + performance.now();
  const blob = stack.container("output").getBlobClient(record);
  while (!(await blob.exists())) await delay(LOOK_EVERY_MS, undefined, { signal });
  const written = (await stack.answered("azurite")).filter(({ kind }) => /^host PUT output \S*\.mp3\.json$/.test(kind));
  const recordedAt = written.findLast(({ endedAt }) => endedAt > uploadedAt)?.endedAt;
  if (recordedAt === undefined) throw new Error(`Nobody has seen the record of ${name} written`);
  const [plainMs = Number.NaN] = await convertPlainly(ffmpeg, [video], folder, 1);
  return { recordSeconds: (recordedAt - uploadedAt) / 1_000, ffmpegSeconds: plainMs / 1_000 };
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
