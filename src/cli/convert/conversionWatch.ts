import { setTimeout as delay } from "node:timers/promises";
import type { Conversion, ConversionRecord, ConversionView } from "../../model/conversion.ts";
import { conversionIdOf } from "../../model/identity.ts";
import type { App } from "./app.ts";
import { isCurrent, readRecord, readView, recordNameOf } from "./app.ts";
import { ClientFailure } from "./clientFailure.ts";
import { LAST_STEPS_BOUND_MS, untilEnded } from "./lastSteps.ts";
import type { Look } from "./looks.ts";
import { chosenForLook, pauseAfterLook, unhurried } from "./looks.ts";
import type { FollowBlobs } from "./recordNews.ts";
import { RecordNews } from "./recordNews.ts";

interface ConversionWatchOptions {
  readonly app: App;
  readonly signal: AbortSignal;
  /** Milliseconds until the next look at a single conversion, while there is news. */
  readonly fastestLookMs: number;
  /** Undefined where an upload may rightly be noticed late, as in the cloud if events are lost. */
  readonly pickUpBoundMs: number | undefined;
  /** Left out where storage tells nobody of its blobs. */
  readonly followBlobs?: FollowBlobs | undefined;
}

/** Called after each look, with undefined if the app could not say how far along the conversion is. */
type OnView = (view: ConversionView | undefined) => void;

interface Watched {
  readonly conversion: Conversion;
  readonly id: string;
  readonly startedAt: number;
  readonly onView: OnView;
  readonly resolve: (record: ConversionRecord) => void;
  readonly reject: (error: unknown) => void;
  looks: number;
  /** What the last look saw. */
  seen: string;
  /** Since when there should be a record, or storage is down. */
  troubleSince: number | undefined;
}

/** How long storage may be down, or the record of a finished conversion be missing, before we give up. */
const PATIENCE_MS = 120_000;
/** Where the app's API knows nothing of a conversion, the input is looked up only every so many looks. */
const LOOKS_PER_INPUT_LOOKUP = 5;
/** While the API has not heard of a conversion, which is so in its first moments, its record is looked for only so often. */
const LOOKS_PER_RECORD_LOOKUP = 5;

/**
 * Waits for the records of conversions, with looks that all of them share: they do not become more with the conversions. Where
 * storage tells of a record, it is read at once. Looks are for what is shown meanwhile, and for news that were missed.
 */
export class ConversionWatch {
  readonly #options: ConversionWatchOptions;
  readonly #news: RecordNews<Watched>;
  /** In the order of their uploads. */
  readonly #watched = new Set<Watched>();
  /** Which conversions were lately heard to have their records, and when, the oldest first. */
  readonly #told = new Map<string, number>();
  #isLooking = false;
  #lastNewsAt = 0;
  #wake: () => void = () => {};

  constructor(options: ConversionWatchOptions) {
    this.#options = options;
    this.#news = new RecordNews({
      follow: options.followBlobs,
      container: options.app.containers.output,
      onRecord: (watched) => void this.#readTold(watched),
      onChange: () => this.#wake(),
    });
  }

  /** Waits for the record of exactly this version, which comes from the app's API or, if that is silent, from storage. */
  watch(conversion: Conversion, onView: OnView): Promise<ConversionRecord> {
    return new Promise((resolve, reject) => {
      const id = conversionIdOf(conversion.workload, conversion.source);
      const startedAt = performance.now();
      const common = { looks: 0, seen: "", troubleSince: undefined };
      const watched = { conversion, id, startedAt, onView, resolve, reject, ...common };
      this.#watched.add(watched);
      this.#news.add(recordNameOf(conversion), watched);
      this.#lastNewsAt = startedAt;
      this.#wake();
      if (!this.#isLooking) void this.#lookOn();
    });
  }

  /** Waits until the conversions that were lately heard to have their records have ended for the app, too. */
  async untilEnded(): Promise<void> {
    const { app, signal } = this.#options;
    this.#forgetLongTold();
    await untilEnded(app, [...this.#told.keys()], signal);
  }

  #forgetLongTold(): void {
    const late = performance.now() - LAST_STEPS_BOUND_MS;
    for (const [id, at] of this.#told) {
      if (at > late) return;
      this.#told.delete(id);
    }
  }

  async #lookOn(): Promise<void> {
    this.#isLooking = true;
    try {
      await this.#pause({ count: 1, tookMs: 0 });
      for (let round = 0; this.#watched.size > 0; round++) {
        const chosen = chosenForLook([...this.#watched], round);
        const startedAt = performance.now();
        const haveEnded = await Promise.all(chosen.map((watched) => this.#lookAt(watched)));
        const tookMs = performance.now() - startedAt;
        // Where one has ended unheard, others may have.
        if (!haveEnded.includes(true)) await this.#pause({ count: chosen.length, tookMs });
      }
    } catch (error) {
      for (const watched of this.#watched) {
        this.#forget(watched);
        watched.reject(error);
      }
    } finally {
      this.#isLooking = false;
    }
  }

  /** News shortens it, also while it lasts, and the end of the last conversion ends it. */
  async #pause(look: Look): Promise<void> {
    const { signal, fastestLookMs } = this.#options;
    const startedAt = performance.now();
    while (this.#watched.size > 0) {
      const now = performance.now();
      const fastestMs = this.#news.isHeard ? unhurried(fastestLookMs) : fastestLookMs;
      const leftMs = startedAt + pauseAfterLook(look, fastestMs, now - this.#lastNewsAt) - now;
      if (leftMs <= 0) return;
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      await delay(leftMs, undefined, { signal: AbortSignal.any([signal, woken.signal]) }).catch(() =>
        signal.throwIfAborted(),
      );
    }
  }

  /** Whether the look has found the end. */
  async #lookAt(watched: Watched): Promise<boolean> {
    try {
      const record = await this.#find(watched);
      return record !== undefined && this.#end(watched, record);
    } catch (error) {
      if (!(error instanceof ClientFailure)) throw error;
      const isNew = this.#forget(watched);
      watched.reject(error);
      return isNew;
    }
  }

  /** An answer that does not come is nothing to act on: there are looks. */
  async #readTold(watched: Watched): Promise<void> {
    const { app, signal } = this.#options;
    const record = await readRecord(app, watched.conversion, signal).catch(() => undefined);
    if (record?.conversionId !== watched.id) return;
    if (this.#end(watched, record)) {
      this.#forgetLongTold();
      this.#told.set(watched.id, performance.now());
    }
    if (this.#watched.size === 0) this.#wake();
  }

  /** False if it had ended before. */
  #end(watched: Watched, record: ConversionRecord): boolean {
    const isNew = this.#forget(watched);
    watched.resolve(record);
    return isNew;
  }

  #forget(watched: Watched): boolean {
    this.#news.delete(recordNameOf(watched.conversion), watched);
    return this.#watched.delete(watched);
  }

  /** The record if there is one now. Throws a `ClientFailure` if there will be none. */
  async #find(watched: Watched): Promise<ConversionRecord | undefined> {
    const { app, signal, pickUpBoundMs = Infinity } = this.#options;
    const { conversion, id } = watched;
    const look = ++watched.looks;
    const view = await readView(app, id, signal);
    const known = typeof view === "object" ? view : undefined;
    this.#show(watched, known);
    if (known?.record?.conversionId === id) return known.record;
    if (known?.status === "superseded") throw superseded();
    if (known?.status === "running") return undefined;
    if (view === "unknown" && look % LOOKS_PER_RECORD_LOOKUP !== 0) return undefined;

    const outcome = await checkStorage(
      app,
      conversion,
      signal,
      known === undefined && look % LOOKS_PER_INPUT_LOOKUP === 0,
    );
    if (outcome.record?.conversionId === id) return outcome.record;
    if (outcome.isReplaced) throw superseded();
    if (known?.status === "cancelled" && outcome.error === undefined) throw terminated();
    const now = performance.now();
    const isTrouble = known !== undefined || outcome.error !== undefined;
    watched.troubleSince = isTrouble ? (watched.troubleSince ?? now) : undefined;
    if (now - (watched.troubleSince ?? now) > PATIENCE_MS) throw noAnswer(outcome.error);
    if (view === "unknown" && now - watched.startedAt > pickUpBoundMs) throw notPickedUp(conversion.workload);
    return undefined;
  }

  #show(watched: Watched, view: ConversionView | undefined): void {
    // The record may have been read meanwhile.
    if (!this.#watched.has(watched)) return;
    const seen = view === undefined ? "" : `${view.status} ${view.phase} ${view.percent} ${view.waitReason}`;
    if (seen !== watched.seen) this.#lastNewsAt = performance.now();
    watched.seen = seen;
    watched.onView(view);
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
