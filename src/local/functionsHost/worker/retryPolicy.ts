import { errorMessage } from "../../kit/errorText.ts";
import type { RegisteredFunction } from "./coreModule.ts";
import type { RpcRetryContext } from "./rpc.ts";

/** How often a function that fails is run again, and after how long. */
export interface RetryPolicy {
  /** Infinity: until it succeeds. */
  readonly maxRetryCount: number;
  /** After the attempt of this number, counted from 0. */
  delayMs(attempt: number): number;
}

interface RetryOptions {
  readonly maxRetryCount?: number;
  readonly retryStrategy?: string;
  readonly delayInterval?: Span;
  readonly minimumInterval?: Span;
  readonly maximumInterval?: Span;
}

interface Span {
  readonly seconds?: number;
}

/** https://learn.microsoft.com/azure/azure-functions/functions-bindings-error-pages#retries */
export function readRetryPolicy({ metadata }: RegisteredFunction): RetryPolicy | undefined {
  const options = metadata.retryOptions as RetryOptions | null | undefined;
  if (options === undefined || options === null) return undefined;
  const { maxRetryCount = 0, retryStrategy, delayInterval, minimumInterval, maximumInterval } = options;
  const isExponential = retryStrategy?.toLowerCase() === "exponentialbackoff";
  const longest = isExponential ? ms(maximumInterval) : Number.POSITIVE_INFINITY;
  return {
    maxRetryCount: maxRetryCount < 0 ? Number.POSITIVE_INFINITY : maxRetryCount,
    delayMs: (attempt) => (isExponential ? Math.min(ms(minimumInterval) * 2 ** attempt, longest) : ms(delayInterval)),
  };
}

/** What the function is told of its attempts; -1 stands for no limit. */
export function retryContext({ maxRetryCount }: RetryPolicy, retryCount: number, error: unknown): RpcRetryContext {
  return {
    retryCount,
    maxRetryCount: Number.isFinite(maxRetryCount) ? maxRetryCount : -1,
    ...(retryCount === 0
      ? {}
      : { exception: { source: "", message: errorMessage(error), stackTrace: stackOf(error) } }),
  };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? "") : "";
}

function ms(span: Span | undefined): number {
  return (span?.seconds ?? 0) * 1000;
}
