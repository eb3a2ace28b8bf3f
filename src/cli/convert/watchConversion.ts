import { setTimeout as delay } from "node:timers/promises";
import type { Conversion, ConversionRecord, ConversionView } from "../../model/conversion.ts";
import { conversionIdOf } from "../../model/identity.ts";
import { ClientFailure } from "./clientFailure.ts";
import type { App } from "./app.ts";
import { isCurrent, readRecord, readView } from "./app.ts";

interface WatchOptions {
  readonly signal: AbortSignal;
  /** Called after each check, with undefined if the app could not say how far along the conversion is. */
  readonly onView: (view: ConversionView | undefined) => void;
  /** Milliseconds until the next check; grows with the number of conversions that are watched. */
  readonly pollMs: () => number;
  /** Undefined where an upload may rightly be noticed late, as in the cloud if events are lost. */
  readonly pickUpBoundMs: number | undefined;
}

/** How long storage may be down, or the record of a finished conversion be missing, before we give up. */
const PATIENCE_MS = 120_000;
/** Without the app's API, the input is looked up only every so many checks of the record. */
const CHECKS_PER_INPUT_LOOKUP = 5;

/** Waits for the record of exactly this version, which comes from the app's API or, if that is silent, from storage. */
export async function watchConversion(
  app: App,
  conversion: Conversion,
  options: WatchOptions,
): Promise<ConversionRecord> {
  const id = conversionIdOf(conversion.workload, conversion.source);
  const { signal } = options;
  const startedAt = performance.now();
  let trouble: { since: number } | undefined;

  for (let check = 1; ; check++) {
    const view = await readView(app, id, signal);
    const known = typeof view === "object" ? view : undefined;
    options.onView(known);
    if (known?.record?.conversionId === id) return known.record;
    if (known?.status === "superseded") throw superseded();

    if (known === undefined || known.status !== "running") {
      const outcome = await checkStorage(
        app,
        conversion,
        signal,
        known === undefined && check % CHECKS_PER_INPUT_LOOKUP === 0,
      );
      if (outcome.record?.conversionId === id) return outcome.record;
      if (outcome.isReplaced) throw superseded();
      if (known?.status === "cancelled" && outcome.error === undefined) throw terminated();
      trouble =
        known !== undefined || outcome.error !== undefined ? (trouble ?? { since: performance.now() }) : undefined;
      if (trouble !== undefined && performance.now() - trouble.since > PATIENCE_MS) throw noAnswer(outcome.error);
      const isOverdue = performance.now() - startedAt > (options.pickUpBoundMs ?? Infinity);
      if (view === "unknown" && isOverdue) throw notPickedUp(conversion.workload);
    }
    await delay(options.pollMs(), undefined, { signal });
  }
}

interface StorageOutcome {
  readonly record?: ConversionRecord | undefined;
  readonly isReplaced: boolean;
  readonly error?: Error;
}

async function checkStorage(
  app: App,
  conversion: Conversion,
  signal: AbortSignal,
  checkInput: boolean,
): Promise<StorageOutcome> {
  try {
    const record = await readRecord(app, conversion, signal);
    return { record, isReplaced: checkInput && !(await isCurrent(app, conversion.source, signal)) };
  } catch (error) {
    signal.throwIfAborted();
    return { isReplaced: false, error: error as Error };
  }
}

function superseded(): ClientFailure {
  return new ClientFailure(
    "Superseded",
    "A newer upload of the same name replaced it, or it was deleted",
    "If there is a record in storage, it is about the newer upload.",
  );
}

/** Its record comes with the next sweep, minutes later. */
function terminated(): ClientFailure {
  return new ClientFailure(
    "Cancelled",
    "Somebody terminated the orchestration",
    "To convert the file after all, run this command again.",
  );
}

function notPickedUp(workload: string): ClientFailure {
  return new ClientFailure(
    "NotPickedUp",
    "The function app has not noticed the upload",
    `Check that the app watches this storage account and container, and that its setting WORKLOADS names ${workload}.`,
  );
}

function noAnswer(error: Error | undefined): ClientFailure {
  if (error === undefined) {
    return new ClientFailure(
      "NoRecord",
      "The conversion has ended but left no record",
      "Read the log of the Functions host.",
    );
  }
  return new ClientFailure(
    "StorageUnreachable",
    `Storage does not answer: ${error.message.split("\n")[0]}`,
    "Check that the storage account or the local stack is up, then try again.",
    { cause: error },
  );
}
