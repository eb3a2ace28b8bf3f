import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { doAndUndo } from "../../../src/local/kit/undo.ts";
import { findFfmpeg } from "../../../src/local/stack/ffmpeg.ts";
import type { StackConnection } from "../../../src/local/stack/stackState.ts";
import { ChaosStack } from "./chaosStack.ts";
import { createContents } from "./contents.ts";
import { disrupt } from "./disrupting.ts";
import { HostStarting, collectEvidence, listAnswered, readViews } from "./evidence.ts";
import type { Findings } from "./findings.ts";
import { judgeTrial } from "./findings.ts";
import type { Pace } from "./plan.ts";
import { planTrial } from "./plan.ts";
import type { Upload } from "./uploading.ts";
import { uploadAll } from "./uploading.ts";

interface TrialOptions {
  readonly conversions: number;
  readonly seed: number;
  readonly rate: number;
  /** Whether the host polls for uploads; otherwise it gets events, which may be lost or come twice. */
  readonly isPolling: boolean;
  readonly pace: Pace;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

export interface TrialResult extends Findings {
  readonly conversions: number;
  readonly videos: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly seconds: number;
}

const POLL_MS = 1_000;
const NOTE_EVERY_MS = 10_000;

/** Uploads while services fail, are killed and are paused, waits for the last record, and judges what is left. */
export async function runTrial(options: TrialOptions): Promise<TrialResult> {
  const startedAt = performance.now();
  const data = mkdtempSync(join(tmpdir(), "mp3drop-chaos-"));
  const note = (text: string): void =>
    options.note(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(4)} s  ${text}`);
  let isClean = false;
  const stack = await ChaosStack.start({ ...options, data });
  const trial = async (): Promise<TrialResult> => {
    const result = await Promise.race([tryStack(stack, data, { ...options, note }), stack.failed]);
    isClean = [result.lost, result.duplicated, result.unexplained].every((list) => list.length === 0);
    return { ...result, faults: stack.faults, seconds: (performance.now() - startedAt) / 1000 };
  };
  const tidyUp = (): void => {
    if (isClean) rmSync(data, { recursive: true, force: true, maxRetries: 5 });
    else note(`The files of the services are kept in ${data}`);
  };
  return doAndUndo(trial, [tidyUp, () => stack.stop()]);
}

async function tryStack(
  stack: ChaosStack,
  data: string,
  { conversions, seed, isPolling, pace, env, signal, note }: TrialOptions,
): Promise<Findings & Pick<TrialResult, "conversions" | "videos">> {
  const { connection } = stack;
  const plan = planTrial(conversions, seed, pace);
  const uploads: Upload[] = [];
  const contents = createContents(findFfmpeg(env).ffmpeg, join(data, "videos"));
  await Promise.all([
    uploadAll(plan.steps, connection, contents, {
      signal,
      isPolling,
      onUploaded: (upload) => uploads.push(upload),
      count: (fault) => stack.count(fault),
    }),
    disrupt(plan.disruptions, stack, { pauseMs: pace.pauseMs, signal, note }),
  ]);
  note(`all ${uploads.length} versions are uploaded, and the disruptions are over`);
  await untilAnswered(uploads, stack, { pace, signal, note });
  const findings = judgeTrial(uploads, await collectEvidence(connection, idsOf(uploads)));
  return { ...findings, conversions: uploads.length, videos: new Set(uploads.map(({ name }) => name)).size };
}

/** A host that is being restarted counts as busy. */
async function countRunning(connection: StackConnection, ids: readonly string[]): Promise<number> {
  try {
    return [...(await readViews(connection, ids)).values()].filter(({ status }) => status === "running").length;
  } catch (error) {
    if (error instanceof TypeError || error instanceof HostStarting) return 1;
    throw error;
  }
}

function idsOf(uploads: readonly Upload[]): string[] {
  return uploads.map(({ conversionId }) => conversionId);
}

/** Waits for the records of the newest versions and the ends of all conversions, but not for ever. */
async function untilAnswered(
  uploads: readonly Upload[],
  { connection }: ChaosStack,
  { pace, signal, note }: Pick<TrialOptions, "pace" | "signal" | "note">,
): Promise<void> {
  const newest = [...new Map(uploads.map(({ name, conversionId }) => [name, conversionId])).values()];
  const deadline = performance.now() + pace.patienceMs;
  for (let notedAt = 0; performance.now() < deadline;) {
    const answered = await listAnswered(connection);
    const missing = newest.filter((id) => !answered.has(id)).length;
    const running = await countRunning(connection, idsOf(uploads));
    if (missing === 0 && running === 0) return;
    if (performance.now() - notedAt > NOTE_EVERY_MS) {
      note(`${newest.length - missing} of ${newest.length} videos have their record, ${running} conversions still run`);
      notedAt = performance.now();
    }
    await delay(POLL_MS, undefined, { signal });
  }
  note("not everything ended in time");
}
