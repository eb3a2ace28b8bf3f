import { setMaxListeners } from "node:events";
import type { BlobVersion, ConversionRecord } from "../../model/conversion.ts";
import { conversionIdOf } from "../../model/identity.ts";
import type { ConversionAnswer } from "./answer.ts";
import { ClientFailure, failedAnswer } from "./answer.ts";
import type { Stage } from "./stage.ts";
import { stageOf } from "./stage.ts";
import { createSemaphore } from "../../local/kit/limiter.ts";
import type { Source } from "./sources.ts";
import type { Target } from "./target.ts";
import { downloadMp3, uploadVideo } from "./transfer.ts";
import { watchConversion } from "./watch.ts";

const TRANSFERS_AT_ONCE = 3;
/** Each further conversion that is watched makes all looks this much rarer, to this bound. */
const POLL_MS_PER_CONVERSION = 100;
const SLOWEST_POLL_MS = 10_000;

export interface RunOptions {
  readonly target: Target;
  /** Aborted with a `ClientFailure`: what has not ended fails with it. With another reason: the run is given up. */
  readonly signal: AbortSignal;
  readonly onStage: (source: Source, stage: Stage) => void;
  readonly onAnswer: (source: Source, answer: ConversionAnswer) => void;
}

/** Uploads, converts and downloads all of them; the answers come in the order of the sources. */
export function convertAll(sources: readonly Source[], options: RunOptions): Promise<ConversionAnswer[]> {
  // Every file listens for the end; that many files do so is no leak.
  setMaxListeners(0, options.signal);
  const upload = createSemaphore(TRANSFERS_AT_ONCE);
  const download = createSemaphore(TRANSFERS_AT_ONCE);
  const watched = new Set<Source>();
  const pollMs = (): number =>
    Math.min(SLOWEST_POLL_MS, options.target.fastestPollMs + POLL_MS_PER_CONVERSION * (watched.size - 1));

  const convertOne = async (source: Source): Promise<ConversionAnswer> => {
    const { target, signal, onStage } = options;
    const { app, pickUpBoundMs } = target;
    const startedAt = new Date().toISOString();
    let blob: BlobVersion = { container: app.containers.input, name: source.blobName, eTag: "" };
    let record: ConversionRecord | undefined;
    try {
      blob = await upload(() => {
        signal.throwIfAborted();
        const onPercent = (percent: number): void => onStage(source, { step: "uploading", percent });
        return uploadVideo(app.storage, app.containers.input, source, { signal, onPercent });
      });
      onStage(source, { step: "uploaded" });
      watched.add(source);
      record = await watchConversion(app, blob, {
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
        await download(() => {
          const onPercent = (percent: number): void => onStage(source, { step: "downloading", percent });
          return downloadMp3(app.storage, output, source.mp3Path, { signal, onPercent });
        });
      }
      return record;
    } catch (error) {
      const failure = failureOf(error, signal);
      return failedAnswer(failure, blob, {
        conversionId: conversionIdOf("mp3", blob),
        sizeBytes: source.sizeBytes,
        startedAt,
        record,
      });
    } finally {
      watched.delete(source);
    }
  };
  return Promise.all(
    sources.map(async (source) => {
      const answer = await convertOne(source);
      options.onAnswer(source, answer);
      return answer;
    }),
  );
}

function failureOf(error: unknown, signal: AbortSignal): ClientFailure {
  if (error instanceof ClientFailure) return error;
  if (signal.aborted && signal.reason instanceof ClientFailure) return signal.reason;
  throw error;
}
