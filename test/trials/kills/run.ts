import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { seededRandom } from "../../../src/local/batchEmulator/random.ts";
import { errorMessage } from "../../../src/local/kit/errorText.ts";
import { doAndUndo } from "../../../src/local/kit/undo.ts";
import { findFfmpeg } from "../../../src/local/stack/ffmpeg.ts";
import type { StackConnection } from "../../../src/local/stack/stackState.ts";
import { conversionIdOf } from "../../../src/model/identity.ts";
import { FIXTURE_FFMPEG } from "../../fixtureFfmpeg.ts";
import { makeVideos } from "../../bench/videos.ts";
import { listAnswered, readViews } from "../chaos/evidence.ts";
import { collectEvidence, listInput, md5Of } from "./evidence.ts";
import type { Expected, Findings } from "./findings.ts";
import { judge } from "./findings.ts";
import { KillableStack } from "./killableStack.ts";
import type { Round, Target } from "./plan.ts";
import { planRounds, planUploads } from "./plan.ts";
import { createSoundReader, plainMp3 } from "./sound.ts";
import type { Uploads } from "./uploading.ts";
import { uploadUntil } from "./uploading.ts";

interface KillsOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

export interface KillsResult extends Findings {
  readonly uploads: number;
  readonly acknowledged: number;
  /** Names in the input container at the end. */
  readonly videos: number;
  readonly killed: ReadonlyMap<Target, number>;
  readonly notes: readonly string[];
  readonly seconds: number;
}

const VIDEOS = 6;
const VIDEO_SECONDS = 2;
const SWEEP_EVERY_15_SECONDS = "*/15 * * * * *";
const POLL_MS = 500;
const NOTE_EVERY_MS = 10_000;
/** Longer than the sweep takes to find what the trigger has missed. */
const PATIENCE_MS = 240_000;

/** Uploads and kills, waits until all is converted, and compares everything. */
export async function runKills(options: KillsOptions): Promise<KillsResult> {
  const startedAt = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "mp3drop-kills-"));
  const seconds = (): number => (performance.now() - startedAt) / 1000;
  const note = (text: string): void => options.note(`${seconds().toFixed(0).padStart(4)} s  ${text}`);
  let isClean = false;
  const tidyUp = (): void => {
    if (isClean) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    else note(`The data folder is kept: ${folder}`);
  };
  const trial = async (): Promise<KillsResult> => {
    const result = await killAndCompare(folder, { ...options, note });
    isClean = [result.lost, result.wrong, result.attemptsUsedUp].every((list) => list.length === 0);
    return { ...result, seconds: seconds() };
  };
  return doAndUndo(trial, [tidyUp]);
}

async function killAndCompare(
  folder: string,
  { rounds, seed, env, signal, note }: KillsOptions,
): Promise<Omit<KillsResult, "seconds">> {
  const { ffmpeg } = findFfmpeg(env);
  const paths = await makeVideos(FIXTURE_FFMPEG, join(folder, "videos"), VIDEOS, VIDEO_SECONDS);
  const notes: string[] = [];
  const stack = new KillableStack({
    data: join(folder, "data"),
    env: { ...env, SWEEP_SCHEDULE: SWEEP_EVERY_15_SECONDS },
    note: (text) => {
      notes.push(text);
      note(text);
    },
  });
  const trial = async (): Promise<Omit<KillsResult, "seconds">> => {
    await stack.ready(signal);
    const end = new AbortController();
    const videos = paths.map((path) => readFileSync(path));
    const uploading = uploadUntil(
      AbortSignal.any([end.signal, signal]),
      stack,
      planUploads(VIDEOS, seededRandom(seed)),
      videos,
    );
    const killing = killInRounds(stack, planRounds(rounds, seededRandom(seed + 1)), signal, note);
    const killed = await killing.finally(() => end.abort());
    const uploads = await uploading;
    note(`all kills are done, ${uploads.versions.length} of ${uploads.count} uploads were acknowledged`);
    await untilSettled(stack, uploads, signal, note);
    const found = await compare(await stack.ready(signal), uploads, await expectationsOf(ffmpeg, paths, folder));
    const leftBehind = stack.leftBehind().map(({ pid }) => `process ${pid} of a killed stack still runs`);
    return {
      ...found,
      wrong: [...found.wrong, ...uploads.refused, ...leftBehind],
      uploads: uploads.count,
      acknowledged: uploads.versions.length,
      killed,
      notes,
    };
  };
  return doAndUndo(() => Promise.race([trial(), stack.failed]), [() => stack.stop()]);
}

async function killInRounds(
  stack: KillableStack,
  rounds: readonly Round[],
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<ReadonlyMap<Target, number>> {
  const killed = new Map<Target, number>();
  for (const [index, { target, afterMs, waitsForStack }] of rounds.entries()) {
    if (waitsForStack) await stack.ready(signal);
    await delay(afterMs, undefined, { signal });
    const really = stack.kill(target);
    note(`kill ${index + 1}: ${really}`);
    killed.set(really, (killed.get(really) ?? 0) + 1);
  }
  return killed;
}

/** Waits until every version that is there has its record, and no conversion runs; but not for ever. */
async function untilSettled(
  stack: KillableStack,
  { versions }: Uploads,
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  let state = "";
  for (let notedAt = performance.now(); performance.now() < deadline;) {
    state = await describe(await stack.ready(signal), versions);
    if (state === "") return;
    if (performance.now() - notedAt > NOTE_EVERY_MS) {
      note(state);
      notedAt = performance.now();
    }
    await delay(POLL_MS, undefined, { signal });
  }
  note(`not everything ended in time: ${state}`);
}

/** Empty when nothing is left to wait for. */
async function describe(connection: StackConnection, versions: Uploads["versions"]): Promise<string> {
  try {
    const answered = await listAnswered(connection);
    const missing = (await listInput(connection)).filter((version) => !answered.has(idOf(version))).length;
    if (missing > 0) return `${missing} records are missing`;
    const views = await readViews(connection, versions.map(idOf));
    const running = [...views.values()].filter(({ status }) => status === "running").length;
    return running > 0 ? `${running} conversions still run` : "";
  } catch (error) {
    // A service that has been killed is on its way back.
    return errorMessage(error);
  }
}

async function compare(
  connection: StackConnection,
  { ledgers }: Uploads,
  { videos, soundOf }: Awaited<ReturnType<typeof expectationsOf>>,
): Promise<Findings & { videos: number }> {
  const all: Findings = { lost: [], wrong: [], attemptsUsedUp: [] };
  const unknown = new Set((await listInput(connection)).map(({ name }) => name));
  const count = unknown.size;
  for (const [name, ledger] of ledgers) {
    unknown.delete(name);
    const evidence = await collectEvidence(connection, name);
    const sound = evidence.mp3 && (await soundOf(evidence.mp3.bytes));
    const findings = judge(name, ledger, evidence, sound, videos);
    all.lost.push(...findings.lost);
    all.wrong.push(...findings.wrong);
    all.attemptsUsedUp.push(...findings.attemptsUsedUp);
  }
  for (const name of unknown) all.wrong.push(`${name}: nobody uploaded it`);
  return { ...all, videos: count };
}

async function expectationsOf(ffmpeg: string, paths: readonly string[], folder: string) {
  const sounds = join(folder, "sounds");
  mkdirSync(sounds, { recursive: true });
  const soundOf = createSoundReader(ffmpeg, sounds);
  const videos: Expected[] = [];
  for (const path of paths) {
    const soundMd5 = await soundOf(await plainMp3(ffmpeg, path, sounds));
    if (soundMd5 === undefined) throw new Error(`ffmpeg cannot decode the MP3 that it made of ${path}`);
    videos.push({ md5: md5Of(readFileSync(path)), soundMd5 });
  }
  return { videos, soundOf };
}

function idOf({ name, eTag }: { readonly name: string; readonly eTag: string }): string {
  return conversionIdOf("mp3", { container: "input", name, eTag });
}
