import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { builtScript } from "../../../src/local/kit/appRoot.ts";
import { FIXTURE_FFMPEG } from "../../fixtureFfmpeg.ts";
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
    const made = spawnSync(FIXTURE_FFMPEG, args, { encoding: "utf8" });
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
  const found = record === undefined ? "no record" : inTheSameWords(endOf(record), expected);
  const wanted = expectationInWords(expected);
  return { name, expected: wanted, found, isRight: found === wanted };
}

function endOf({ status, error, input, output }: Mp3Record): End {
  return { outcome: error?.code ?? status, input, durationSeconds: output?.durationSeconds };
}

export function expectationInWords({ outcome, durationSeconds, streamIndex, channels }: Expectation): string {
  return inWords(outcome, durationSeconds, streamIndex, channels);
}

/** How a conversion ended. */
export interface End {
  /** `succeeded`, or the code of the failure. */
  readonly outcome: string;
  readonly input: Pick<Mp3Record["input"], "audioStream">;
  /** Of the MP3. */
  readonly durationSeconds: number | undefined;
}

/** Describes an end by the facts that are expected of it. */
export function inTheSameWords({ outcome, input, durationSeconds = 0 }: End, expected: Expectation): string {
  if (outcome !== "succeeded") return outcome;
  const wanted = expected.durationSeconds ?? 0;
  const stream = input.audioStream;
  return inWords(
    outcome,
    isDurationRight(wanted, durationSeconds) ? wanted : durationSeconds,
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
