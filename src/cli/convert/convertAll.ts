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
import { ConversionWatch } from "./conversionWatch.ts";

const TRANSFERS_AT_ONCE = 3;

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
export function convertAll(sources: readonly Source[], options: RunOptions): Promise<Outcome[]> {
  return createConverter(options)(sources);
}

/** As `convertAll`, for files of which more may come while others are still converted: all share what is limited. */
export function createConverter(options: RunOptions): (sources: readonly Source[]) => Promise<Outcome[]> {
  const { target, signal, onStage, onAnswer, metadata = {} } = options;
  const { app, fastestLookMs, pickUpBoundMs, followBlobs } = target;
  // One listener for each file is no leak, however many there are.
  setMaxListeners(0, signal);
  const uploads = new Limiter(TRANSFERS_AT_ONCE);
  const downloads = new Limiter(TRANSFERS_AT_ONCE);
  const watch = new ConversionWatch({ app, signal, fastestLookMs, pickUpBoundMs, followBlobs });

  const upload = (source: Source): Promise<BlobVersion> =>
    uploads.run(() => {
      signal.throwIfAborted();
      const onPercent = (percent: number): void => onStage(source, { step: "uploading", percent });
      return uploadFile(app.storage, app.containers.input, source, { signal, onPercent, metadata });
    });

  const convertOne = async (source: Source, uploading: Promise<BlobVersion>): Promise<ConversionRecord> => {
    const startedAt = new Date().toISOString();
    let blob: BlobVersion | undefined;
    let record: ConversionRecord | undefined;
    try {
      blob = await uploading;
      onStage(source, { step: "uploaded" });
      record = await watch.watch({ workload: source.workload.name, source: blob }, (view) => {
        const stage = view && stageOf(view);
        if (stage !== undefined) onStage(source, stage);
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
    }
  };

  return async (sources) => {
    /** A file that several workloads take is one blob. */
    const blobs = new Map<string, Promise<BlobVersion>>();
    const outcomes = sources.map(async (source) => {
      const uploading = blobs.get(source.path) ?? upload(source);
      blobs.set(source.path, uploading);
      const answer = await convertOne(source, uploading);
      onAnswer(source, answer);
      return { source, answer };
    });
    // Even if one of them fails: the process may end as soon as we return, and a cancelled download has to clean up.
    await Promise.allSettled(outcomes);
    if (target.stopsWithUs) await watch.untilEnded();
    return Promise.all(outcomes);
  };
}

function failureOf(error: unknown, signal: AbortSignal): ClientFailure {
  if (error instanceof ClientFailure) return error;
  if (signal.aborted && signal.reason instanceof ClientFailure) return signal.reason;
  throw error;
}
