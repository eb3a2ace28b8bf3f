import { setMaxListeners } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { doAndUndo } from "../../../src/local/kit/undo.ts";
import type { StackConnection } from "../../../src/local/stack/stackState.ts";
import { convertChangingFiles } from "./changingFiles.ts";
import { ChaosStack } from "./chaosStack.ts";
import { FIXTURE_FFMPEG } from "../../fixtureFfmpeg.ts";
import { createContents } from "./contents.ts";
import { disrupt } from "./disrupting.ts";
import { NoAnswer, collectEvidence, listAnswered, readViews } from "./evidence.ts";
import type { Findings } from "./findings.ts";
import { isClean, judgeTrial } from "./findings.ts";
import { guard } from "./guarding.ts";
import type { Pace, Plan } from "./plan.ts";
import { planTrial } from "./plan.ts";
import { tellOfReports } from "./reportEvents.ts";
import type { Upload } from "./uploading.ts";
import { Uploading } from "./uploading.ts";

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
  // Everything that waits listens to it.
  setMaxListeners(0, options.signal);
  const plan = planTrial(options.conversions, options.seed, options.pace);
  let isKept = true;
  const stack = await ChaosStack.start({ ...options, data, silence: plan.silence });
  const trial = async (): Promise<TrialResult> => {
    const result = await Promise.race([tryStack(stack, plan, data, { ...options, note }), stack.failed]);
    isKept = !isClean(result);
    return { ...result, faults: stack.faults, seconds: (performance.now() - startedAt) / 1000 };
  };
  const tidyUp = (): void => {
    if (isKept) note(`The files of the services are kept in ${data}`);
    else rmSync(data, { recursive: true, force: true, maxRetries: 5 });
  };
  return doAndUndo(trial, [tidyUp, () => stack.stop()]);
}

async function tryStack(
  stack: ChaosStack,
  plan: Plan,
  data: string,
  { isPolling, seed, pace, signal, note }: TrialOptions,
): Promise<Findings & Pick<TrialResult, "conversions" | "videos">> {
  const { connection } = stack;
  const contents = createContents(FIXTURE_FFMPEG, join(data, "videos"));
  const uploading = new Uploading(stack, contents, { isPolling, signal });
  const { uploads } = uploading;
  const stopTelling = isPolling ? undefined : tellOfReports(stack, { seed, signal });
  let onUploaded = (): void => undefined;
  const uploaded = new Promise<void>((resolve) => (onUploaded = resolve));
  const folder = join(data, "changing");
  const [files] = await Promise.all([
    convertChangingFiles(plan.convert, stack, uploading, { folder, bytesOf: contents, onUploaded, signal }),
    uploading.runPlan(plan.steps),
    disrupt(plan.disruptions, stack, { after: uploaded, pace, signal, note }),
    ...plan.guards.map((planned) => guard(planned, stack, uploading, { pace, signal })),
  ]);
  await uploading.delivered();
  note(`all ${uploads.length} versions are uploaded, and the disruptions are over`);
  await untilAnswered(uploads, stack, { pace, signal, note });
  await stopTelling?.();
  const findings = judgeTrial({ uploads, files }, await collectEvidence(connection, idsOf(uploads)));
  return { ...findings, conversions: uploads.length, videos: new Set(uploads.map(({ name }) => name)).size };
}

/** A conversion whose status is out of reach counts as running. */
async function countRunning(connection: StackConnection, ids: readonly string[]): Promise<number> {
  try {
    return [...(await readViews(connection, ids)).values()].filter(({ status }) => status === "running").length;
  } catch (error) {
    if (error instanceof NoAnswer) return 1;
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
