import type { Clock } from "../../kit/clock.ts";

/** What a transfer may take time with, and what ends it. */
export interface TransferContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long no byte may come or go before the connection counts as broken; a minute if not given. */
  readonly idleMs?: number;
  /** Gives a URL its signature, anew for each try. Without it the URL is asked for as it is. */
  readonly sign?: (url: string) => Promise<string>;
}

/** The storage service answered, but not with success. */
export class TransferError extends Error {
  override readonly name = "TransferError";
  readonly status: number;

  constructor(status: number, reason: string) {
    super(reason);
    this.status = status;
  }
}

/** About a minute in all: long enough for a storage service that restarts. Azure's own nodes try again, too. */
const PAUSES_MS = [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000];

/** Tries again, after growing pauses, as long as it fails for a reason that may pass. Throws the last failure. */
export async function withRetries<Result>(
  { clock, signal }: TransferContext,
  action: () => Promise<Result>,
): Promise<Result> {
  for (const pauseMs of PAUSES_MS) {
    try {
      return await action();
    } catch (error) {
      if (!mayPass(error) || signal.aborted) throw error;
      await pause(clock, pauseMs, signal);
    }
  }
  return action();
}

/** Of the storage service; undefined if it has not answered. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof TransferError) return error.status;
  // As the storage library has it.
  return error instanceof Error && "statusCode" in error ? Number(error.statusCode) : undefined;
}

const PASSING_ERRORS: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ERR_STREAM_PREMATURE_CLOSE",
]);

function mayPass(error: unknown): boolean {
  const status = statusOf(error);
  if (status !== undefined) return status >= 500 || status === 429 || status === 408;
  return error instanceof Error && "code" in error && PASSING_ERRORS.has(error.code);
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener("abort", end);
      resolve();
    });
    signal.addEventListener("abort", end, { once: true });
  });
}
