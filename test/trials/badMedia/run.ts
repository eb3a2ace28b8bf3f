import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtScript } from "../../../src/local/kit/appRoot.ts";
import { findFfmpeg } from "../../../src/local/stack/ffmpeg.ts";
import type { Mp3Record } from "../../../src/workloads/mp3/review.ts";
import { isDurationRight } from "../../../src/workloads/mp3/wholeness.ts";
import type { Expectation, Sample } from "./corpus.ts";
import { CORPUS } from "./corpus.ts";

export interface Row {
  readonly name: string;
  readonly expected: string;
  readonly found: string;
  readonly isRight: boolean;
}

const CLI = builtScript("cli/main.ts");

/** Makes the files and converts them with the command line, which starts a stack of its own and shows progress. */
export function tryBadMedia(corpus: readonly Sample[], { isQuiet = false } = {}): Row[] {
  const folder = mkdtempSync(join(tmpdir(), "mp3drop-media-"));
  try {
    const videos = join(folder, "videos");
    mkdirSync(videos);
    for (const { name } of corpus) makeSample(name, join(videos, `${name}.mp4`));
    const records = convertAll(videos, folder, isQuiet);
    return corpus.map((sample) =>
      compare(
        sample,
        records.find(({ input }) => input.name === `${sample.name}.mp4`),
      ),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Makes one file of the corpus. Throws a `RangeError` for a name that it has not. */
export function makeSample(name: string, path: string): void {
  const sample = CORPUS.find((known) => known.name === name);
  if (sample === undefined) throw new RangeError(`The corpus has no file "${name}"`);
  const { ffmpeg = [], format = "mp4", change } = sample;
  if (ffmpeg.length > 0) {
    const args = ["-v", "error", "-nostdin", "-y", ...ffmpeg, "-f", format, path];
    const made = spawnSync(findFfmpeg(process.env).ffmpeg, args, { encoding: "utf8" });
    if (made.status !== 0) throw new Error(`ffmpeg could not make ${path}: ${made.stderr}`);
  }
  change?.(path);
}

function convertAll(videos: string, folder: string, isQuiet: boolean): Mp3Record[] {
  const args = [CLI, "convert", videos, "--json", "--out", join(folder, "mp3s"), "--data", join(folder, "data")];
  const { stdout, status } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", isQuiet ? "ignore" : "inherit"],
    maxBuffer: 2 ** 26,
  });
  if (stdout === "") throw new Error(`The conversion ended with exit code ${status} and without an answer`);
  return (JSON.parse(stdout) as { conversions: Mp3Record[] }).conversions;
}

function compare({ name, expected }: Sample, record: Mp3Record | undefined): Row {
  const found = record === undefined ? "no record" : describe(record, expected);
  const wanted = describeExpectation(expected);
  return { name, expected: wanted, found, isRight: found === wanted };
}

function describeExpectation({ outcome, durationSeconds, streamIndex, channels }: Expectation): string {
  return inWords(outcome, durationSeconds, streamIndex, channels);
}

/** Describes a record by the facts that are expected of it, in the same words. */
function describe({ status, error, input, output }: Mp3Record, expected: Expectation): string {
  if (status !== "succeeded") return error?.code ?? status;
  const seconds = output?.durationSeconds ?? 0;
  const wanted = expected.durationSeconds ?? 0;
  const stream = input.audioStream;
  return inWords(
    "succeeded",
    isDurationRight(wanted, seconds) ? wanted : seconds,
    expected.streamIndex === undefined ? undefined : stream?.index,
    expected.channels === undefined ? undefined : stream?.channels,
  );
}

function inWords(outcome: string, seconds?: number, stream?: number, channels?: number): string {
  return [
    outcome,
    ...(seconds === undefined ? [] : [`${seconds} s`]),
    ...(stream === undefined ? [] : [`stream ${stream}`]),
    ...(channels === undefined ? [] : [`${channels} channels`]),
  ].join(", ");
}
