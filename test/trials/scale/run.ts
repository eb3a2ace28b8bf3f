import { setMaxListeners } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { StackService } from "../../../src/local/stack/localStack.ts";
import { doAndUndo } from "../../../src/local/kit/undo.ts";
import { FIXTURE_FFMPEG } from "../../fixtureFfmpeg.ts";
import { createContents } from "../chaos/contents.ts";
import { collectEvidence, countHistoryEvents } from "./evidence.ts";
import type { Costs } from "./figures.ts";
import { costsOf, SERVICES, steadyRate } from "./figures.ts";
import type { Findings } from "./findings.ts";
import { isClean, judge } from "./findings.ts";
import { makePlayedTask } from "./playedTask.ts";
import { ScaleStack } from "./scaleStack.ts";
import type { Snapshots } from "./scaleStack.ts";
import { uploadAll } from "./uploading.ts";

export interface ScaleOptions {
  readonly conversions: number;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

export interface ScaleResult extends Findings {
  readonly conversions: number;
  readonly uploadSeconds: number;
  /** From the first upload to the last record. */
  readonly seconds: number;
  /** Conversions per second in the middle of the trial. */
  readonly steadyRate: number;
  readonly costs: Costs;
  /** At the end, garbage collected. */
  readonly heapBytes: Readonly<Record<StackService, number>>;
  readonly peakRssBytes: Readonly<Record<StackService | "trial", number>>;
  /** In the histories of some conversions. */
  readonly historyEvents: { readonly mean: number; readonly most: number };
}

const VIDEO_SECONDS = 0.25;
/** They make the pool, the job and the script, and have the services load what they need. */
const WARM_UP = 10;
const POLL_MS = 250;
const NOTE_EVERY_MS = 10_000;
/** How long nothing may move before the trial gives up. */
const PATIENCE_MS = 240_000;
const HISTORIES = 50;

/** Uploads so many videos at once, waits for the last record, and measures what that took. */
export async function runScale(options: ScaleOptions): Promise<ScaleResult> {
  const startedAt = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "mp3drop-scale-"));
  const note = (text: string): void =>
    options.note(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${text}`);
  // Everything that waits listens to it.
  setMaxListeners(0, options.signal);
  let isKept = true;
  const trial = async (): Promise<ScaleResult> => {
    const result = await measure(folder, { ...options, note });
    isKept = !isClean(result);
    return result;
  };
  const tidyUp = (): void => {
    if (isKept) note(`The files of the services are kept in ${folder}`);
    else rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  return doAndUndo(trial, [tidyUp]);
}

async function measure(folder: string, { conversions, env, signal, note }: ScaleOptions): Promise<ScaleResult> {
  const makeContent = createContents(FIXTURE_FFMPEG, join(folder, "videos"));
  const video = await makeContent({ kind: "tone", seconds: VIDEO_SECONDS });
  const played = await makePlayedTask(env, video, join(folder, "played"));
  const stack = await ScaleStack.start({
    data: join(folder, "data"),
    probes: join(folder, "probes"),
    playTasks: played.folder,
    env,
    signal,
  });
  const trial = async (): Promise<ScaleResult> => {
    const warmUp = await uploadAll(stack, video, WARM_UP, signal);
    await untilRecorded(stack, WARM_UP, { signal, note });
    const before = await stack.takeSnapshots(signal);

    const startedAt = performance.now();
    const all = WARM_UP + conversions;
    const recording = untilRecorded(stack, all, { signal, note });
    const uploading = uploadAll(stack, video, conversions, signal, WARM_UP + 1).then((uploads) => {
      const uploadSeconds = (performance.now() - startedAt) / 1000;
      note(`${uploads.length} videos are uploaded`);
      return { uploads, uploadSeconds };
    });
    const [{ uploads, uploadSeconds }, records] = await Promise.all([uploading, recording]);
    const seconds = ((records.at(-1)?.atMs ?? performance.now()) - startedAt) / 1000;
    note("no more records are awaited");
    const after = await stack.takeSnapshots(signal);

    const costs = costsOf(before, after, conversions);
    const { batch, functions, azurite } = after;
    const resultsStaged = countOf(azurite.requests, "task PUT work result");
    const findings = judge(
      { uploads: [...warmUp, ...uploads], resultBytes: played.resultBytes, resultsStaged, restarted: stack.restarted },
      await collectEvidence(stack),
    );
    const sample = uploads.filter((_, index) => index % Math.ceil(uploads.length / HISTORIES) === 0);
    const ids = sample.map(({ conversionId }) => conversionId);
    const events = isClean(findings) ? await countHistoryEvents(stack.connection, ids) : [0];
    return {
      ...findings,
      conversions,
      uploadSeconds,
      seconds,
      steadyRate: steadyRate(records.map(({ atMs, count }) => ({ atMs, count: count - WARM_UP }))),
      costs,
      heapBytes: {
        azurite: azurite.heapBytes,
        batch: batch.heapBytes,
        functions: functions.heapBytes,
      },
      peakRssBytes: { ...peaksOf(after), trial: process.resourceUsage().maxRSS * 1024 },
      historyEvents: {
        mean: events.reduce((sum, count) => sum + count, 0) / events.length,
        most: Math.max(...events),
      },
    };
  };
  return doAndUndo(() => Promise.race([trial(), stack.failed]), [() => stack.stop()]);
}

/** Waits for so many records, but not for ever once they have stopped to come. Returns how many there were when. */
async function untilRecorded(
  stack: ScaleStack,
  wanted: number,
  { signal, note }: Pick<ScaleOptions, "signal" | "note">,
): Promise<readonly { readonly atMs: number; readonly count: number }[]> {
  const seen = [{ atMs: performance.now(), count: stack.recordsWritten }];
  for (let notedAt = performance.now(); ;) {
    const now = performance.now();
    const count = stack.recordsWritten;
    const last = seen.at(-1);
    if (last === undefined || count > last.count) seen.push({ atMs: now, count });
    else if (now - last.atMs > PATIENCE_MS) {
      note("not everything ended in time");
      return seen;
    }
    if (count >= wanted) return seen;
    if (now - notedAt > NOTE_EVERY_MS) {
      note(`${count} of ${wanted} records are written`);
      notedAt = now;
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

function countOf(requests: Readonly<Record<string, number>>, kind: string): number {
  const counts = Object.entries(requests).filter(([portAndKind]) => portAndKind.endsWith(` ${kind}`));
  return counts.reduce((sum, [, count]) => sum + count, 0);
}

function peaksOf(snapshots: Snapshots): Record<StackService, number> {
  const [azurite = 0, batch = 0, functions = 0] = SERVICES.map((service) => snapshots[service].peakRssBytes);
  return { azurite, batch, functions };
}
