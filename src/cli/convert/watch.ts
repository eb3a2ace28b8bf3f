import { setTimeout as delay } from "node:timers/promises";
import type { BlobVersion, ConversionRecord, ConversionView } from "../../model/conversion.ts";
import { conversionIdOf } from "../../model/identity.ts";
import { ClientFailure } from "./answer.ts";
import type { App } from "./app.ts";
import { isCurrent, readRecord, readView } from "./app.ts";

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Called with each look at the conversion; undefined when nobody tells how it stands. */
  readonly onView: (view: ConversionView | undefined) => void;
  /** Milliseconds until the next look, longer the more conversions are watched. */
  readonly pollMs: () => number;
  /** Undefined where an upload may be noticed late, as in the cloud without events. */
  readonly pickUpBoundMs: number | undefined;
  readonly now?: () => number;
}

/** How long storage may stay away, or a conversion that has ended without its record. */
const PATIENCE_MS = 120_000;
/** Without the app's API, every so many looks at the record also one at the input. */
const LOOKS_PER_INPUT_CHECK = 5;

/** Waits for the record of this very version. It comes by the app's API or, where that is silent, from storage. */
export async function watchConversion(app: App, blob: BlobVersion, options: WatchOptions): Promise<ConversionRecord> {
  const id = conversionIdOf("mp3", blob);
  const { signal, now = performance.now.bind(performance) } = options;
  const startedAt = now();
  let trouble: { since: number } | undefined;

  for (let look = 1; ; look++) {
    const view = await readView(app, id, signal);
    const known = typeof view === "object" ? view : undefined;
    options.onView(known);
    if (known?.record?.conversionId === id) return known.record;
    if (known?.status === "superseded") throw superseded();

    if (known === undefined || known.status !== "running") {
      const outcome = await lookAtStorage(app, blob, signal, known === undefined && look % LOOKS_PER_INPUT_CHECK === 0);
      if (outcome.record?.conversionId === id) return outcome.record;
      if (outcome.isReplaced) throw superseded();
      trouble = known !== undefined || outcome.error !== undefined ? (trouble ?? { since: now() }) : undefined;
      if (trouble !== undefined && now() - trouble.since > PATIENCE_MS) throw noAnswer(outcome.error);
      if (view === "unknown" && now() - startedAt > (options.pickUpBoundMs ?? Infinity)) throw notPickedUp();
    }
    await delay(options.pollMs(), undefined, { signal });
  }
}

interface StorageOutcome {
  readonly record?: ConversionRecord | undefined;
  readonly isReplaced: boolean;
  readonly error?: Error;
}

async function lookAtStorage(
  app: App,
  blob: BlobVersion,
  signal: AbortSignal,
  checkInput: boolean,
): Promise<StorageOutcome> {
  try {
    const record = await readRecord(app, blob.name, signal);
    return { record, isReplaced: checkInput && !(await isCurrent(app, blob, signal)) };
  } catch (error) {
    signal.throwIfAborted();
    return { isReplaced: false, error: error as Error };
  }
}

function superseded(): ClientFailure {
  return new ClientFailure(
    "Superseded",
    "A newer upload of the same name took its place, or the upload was deleted",
    "The record in storage is that of the newer one.",
  );
}

function notPickedUp(): ClientFailure {
  return new ClientFailure(
    "NotPickedUp",
    "The function app has not noticed the upload",
    "See the log of the Functions host, and that the app watches the same storage account and container.",
  );
}

function noAnswer(error: Error | undefined): ClientFailure {
  if (error === undefined) {
    return new ClientFailure(
      "NoRecord",
      "The conversion has ended but left no record",
      "See the log of the Functions host.",
    );
  }
  return new ClientFailure(
    "StorageUnreachable",
    `Storage does not answer: ${error.message.split("\n")[0]}`,
    "See that the storage account or the local stack is up, then try again.",
    { cause: error },
  );
}
