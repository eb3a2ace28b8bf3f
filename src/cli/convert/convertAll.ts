import { setMaxListeners } from "node:events";
import type { BlobVersion, ConversionRecord } from "../../model/conversion.ts";
import { ClientFailure } from "./clientFailure.ts";
import { failedAnswer } from "./conversionAnswer.ts";
import type { Stage } from "./stage.ts";
import { stageOf } from "./stage.ts";
import { Limiter } from "../../local/kit/limiter.ts";
import type { Source } from "./sources.ts";
import type { Target } from "./target.ts";
import { downloadResult, uploadFile } from "./blobTransfer.ts";
import { watchConversion } from "./watchConversion.ts";

const TRANSFERS_AT_ONCE = 3;
/** The more conversions are watched, the less often each is checked: one adds this much to the wait, up to the bound. */
const POLL_MS_PER_CONVERSION = 100;
const SLOWEST_POLL_MS = 10_000;

interface RunOptions {
  readonly target: Target;
  /** Of every blob that is uploaded. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Aborted with a `ClientFailure`, it fails whatever is unfinished; with any other reason, it ends the whole run. */
  readonly signal: AbortSignal;
  readonly onStage: (source: Source, stage: Stage) => void;
  readonly onAnswer: (source: Source, answer: ConversionRecord) => void;
}

interface Outcome {
  readonly source: Source;
  readonly answer: ConversionRecord;
}

/** Uploads, converts and downloads them all. The outcomes are in the order of the sources. */
export async function convertAll(sources: readonly Source[], options: RunOptions): Promise<Outcome[]> {
  const convert = createConverter(options);
  const outcomes = sources.map(async (source) => {
    const answer = await convert(source);
    options.onAnswer(source, answer);
    return { source, answer };
  });
  // Even if one of them fails: the process may end as soon as we return, and a cancelled download has to clean up.
  await Promise.allSettled(outcomes);
  return Promise.all(outcomes);
}

/**
 * Uploads, converts and downloads one file, of as many as are given to it, however long it takes until the next one. The
 * signal is for that one, and means the same as that of the options.
 */
export function createConverter(
  options: Omit<RunOptions, "onAnswer">,
): (source: Source, signal?: AbortSignal) => Promise<ConversionRecord> {
  // One listener for each file is no leak, however many there are.
  setMaxListeners(0, options.signal);
  const uploads = new Limiter(TRANSFERS_AT_ONCE);
  const downloads = new Limiter(TRANSFERS_AT_ONCE);
  const blobs = new Map<string, Promise<BlobVersion>>();
  const watched = new Set<Source>();
  const pollMs = (): number =>
    Math.min(SLOWEST_POLL_MS, options.target.fastestPollMs + POLL_MS_PER_CONVERSION * (watched.size - 1));

  /** A file that several workloads take is one blob. */
  const uploadOnce = (source: Source, signal: AbortSignal): Promise<BlobVersion> => {
    const { target, onStage, metadata = {} } = options;
    const { storage, containers } = target.app;
    const uploading =
      blobs.get(source.path) ??
      uploads.run(() => {
        signal.throwIfAborted();
        const onPercent = (percent: number): void => onStage(source, { step: "uploading", percent });
        return uploadFile(storage, containers.input, source, { signal, onPercent, metadata });
      });
    blobs.set(source.path, uploading);
    return uploading;
  };

  return async (source, signal = options.signal) => {
    const { target, onStage } = options;
    const { app, pickUpBoundMs } = target;
    const startedAt = new Date().toISOString();
    let blob: BlobVersion | undefined;
    let record: ConversionRecord | undefined;
    try {
      blob = await uploadOnce(source, signal);
      onStage(source, { step: "uploaded" });
      watched.add(source);
      const conversion = { workload: source.workload.name, source: blob };
      record = await watchConversion(app, conversion, {
        signal,
        pollMs,
        pickUpBoundMs,
        onView: (view) => {
          const stage = view && stageOf(view);
          if (stage !== undefined) onStage(source, stage);
        },
      });
      const { output } = record;
      if (record.status === "succeeded" && output !== null) {
        await downloads.run(() => {
          const onPercent = (percent: number): void => onStage(source, { step: "downloading", percent });
          return downloadResult(app.storage, output, source.resultPath, { signal, onPercent });
        });
      }
      return record;
    } catch (error) {
      const failure = failureOf(error, signal);
      return failedAnswer(failure, source, app.containers.input, { startedAt, blob, record });
    } finally {
      watched.delete(source);
    }
  };
}

function failureOf(error: unknown, signal: AbortSignal): ClientFailure {
  if (error instanceof ClientFailure) return error;
  if (signal.aborted && signal.reason instanceof ClientFailure) return signal.reason;
  throw error;
}
