import { createHash } from "node:crypto";
import { HTTP_ACTIVITY } from "./actions.ts";
import type { EntityName, HttpRequestOptions, RetryOptions } from "./actions.ts";
import { RELEASE, REQUEST } from "./decisions.ts";
import type { Decision } from "./decisions.ts";
import { Future } from "./future.ts";
import type { Outcome } from "./future.ts";
import { entityId } from "./instance.ts";
import type { ReplaySettings } from "./replaySettings.ts";

/** What the composite steps below are made of. */
export interface Steps {
  readonly settings: ReplaySettings;
  /** The orchestrator's clock. */
  readonly now: number;
  takeId(): number;
  decide(decision: Decision): Future;
  activity(name: string, input: string | null): Future;
  timer(fireAt: number, isCancelled: boolean, isLiteral: boolean): Future;
  answerTo(requestId: string): Future;
}

/**
 * Attempt, timer, attempt, …, and a timer of zero length after the last failure. Giving up because the retry timeout is
 * over, or because the failure is not retriable, skips that timer, and the SDK never learns of it.
 * https://github.com/Azure/durabletask/blob/main/src/DurableTask.Core/RetryInterceptor.cs
 */
export function withRetry(steps: Steps, options: RetryOptions, attempt: () => Future): Future {
  const whole = new Future();
  const startedAt = steps.now;
  const run = (number: number): void => {
    attempt().onSettled((outcome) => {
      const delay = outcome.ok ? undefined : retryDelay(options, number, steps.now - startedAt, outcome);
      if (delay === undefined) return whole.settle(outcome);
      steps.timer(steps.now + delay, false, false).onSettled(() => {
        if (number < options.maxNumberOfAttempts) run(number + 1);
        else whole.settle(outcome);
      });
    });
  };
  run(1);
  return whole;
}

export function longTimer(steps: Steps, fireAt: number, isCancelled: boolean): Future {
  const { maxShortTimerMs, longTimerIntervalMs } = steps.settings;
  if (fireAt - steps.now <= maxShortTimerMs) return steps.timer(fireAt, isCancelled, true);
  const whole = new Future();
  const next = (): void => {
    const isLast = fireAt - steps.now <= maxShortTimerMs;
    const piece = steps.timer(isLast ? fireAt : steps.now + longTimerIntervalMs, isCancelled, false);
    piece.onSettled((outcome) => (isLast || !outcome.ok ? whole.settle(outcome) : next()));
  };
  next();
  return whole;
}

export function callEntity(steps: Steps, target: string, operation: string, input: string | null): Future {
  const id = steps.takeId();
  const requestId = requestIdOf(steps, id);
  const message = entityMessage(steps, { operation, input, requestId, isSignal: false });
  steps.decide({ id, kind: "message", target, operation: REQUEST, input: message, requestId });
  return steps.answerTo(requestId);
}

export function signalEntity(steps: Steps, target: string, operation: string, input: string | null): Future {
  const id = steps.takeId();
  const requestId = requestIdOf(steps, id);
  const message = entityMessage(steps, { operation, input, requestId, isSignal: true });
  steps.decide({ id, kind: "message", target, operation: REQUEST, input: message });
  return Future.done();
}

/** The locks that an orchestrator has. */
export interface Locks {
  readonly requestId: string;
  /** How many entities there are. */
  readonly count: number;
  /** The ids of those without an unanswered call. The extension releases no others. */
  readonly free: string[];
}

/** One request to the first entity in the order in which everybody locks them, which hands it on: the last one answers. */
export function lockEntities(steps: Steps, lockSet: readonly EntityName[], onLocked: (locks: Locks) => void): Future {
  const byId = new Map(lockSet.map((entity) => [entityId(entity), entity]));
  const ids = [...byId.keys()].toSorted();
  const id = steps.takeId();
  const requestId = requestIdOf(steps, id);
  const entities = ids.flatMap((of) => byId.get(of) ?? []);
  const { instanceId: parent, executionId: parentExecution } = steps.settings;
  const input = JSON.stringify({ op: null, id: requestId, parent, parentExecution, lockset: entities });
  steps.decide({ id, kind: "message", target: ids[0] ?? "", operation: REQUEST, input, requestId });
  const answer = steps.answerTo(requestId);
  answer.onSettled(() => onLocked({ requestId, count: ids.length, free: ids }));
  return answer;
}

export function releaseEntities(steps: Steps, { requestId, free }: Locks): void {
  const input = JSON.stringify({ parent: steps.settings.instanceId, id: requestId });
  for (const target of free) {
    steps.decide({ id: steps.takeId(), kind: "message", target, operation: RELEASE, input });
  }
}

/** A 202 answer with a Location is polled, with a timer before each further request. */
export function callHttp(steps: Steps, request: HttpRequestOptions): Future {
  const whole = new Future();
  const send = (options: HttpRequestOptions): void => {
    steps.activity(HTTP_ACTIVITY, JSON.stringify(options)).onSettled((outcome) => {
      const poll = request.asynchronousPatternEnabled === false ? undefined : readPoll(options.uri, outcome, steps);
      if (poll === undefined) return whole.settle(outcome);
      const { content: _content, ...rest } = options;
      steps
        .timer(steps.now + poll.delayMs, false, false)
        .onSettled(() => send({ ...rest, method: "GET", uri: poll.location }));
    });
  };
  send(request);
  return whole;
}

function retryDelay(
  options: RetryOptions,
  attempt: number,
  elapsedMs: number,
  failure: Outcome & { ok: false },
): number | undefined {
  const { firstRetryIntervalInMilliseconds: first, maxRetryIntervalInMilliseconds: longest } = options;
  if (failure.isNonRetriable) return undefined;
  if (attempt >= options.maxNumberOfAttempts) return 0;
  const timeout = options.retryTimeoutInMilliseconds;
  if (timeout !== undefined && elapsedMs >= timeout) return undefined;
  const delay = first * (options.backoffCoefficient ?? 1) ** (attempt - 1);
  return Math.min(delay, longest ?? Number.MAX_SAFE_INTEGER);
}

function readPoll(uri: string, outcome: Outcome, steps: Steps): { location: string; delayMs: number } | undefined {
  if (!outcome.ok || outcome.result === null) return undefined;
  const answer = JSON.parse(outcome.result) as { statusCode?: number; headers?: Record<string, string> };
  const header = (name: string): string | undefined =>
    Object.entries(answer.headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];
  const location = header("location");
  if (answer.statusCode !== 202 || location === undefined) return undefined;
  const seconds = Number(header("retry-after"));
  const absolute = URL.canParse(location, uri) ? new URL(location, uri).href : location;
  return {
    location: absolute,
    delayMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : steps.settings.httpPollMs,
  };
}

interface EntityMessage {
  readonly operation: string;
  readonly input: string | null;
  readonly requestId: string;
  readonly isSignal: boolean;
}

function entityMessage(steps: Steps, { operation, input, requestId, isSignal }: EntityMessage): string {
  const { instanceId: parent, executionId: parentExecution } = steps.settings;
  const common = { op: operation, ...(isSignal ? { signal: true } : {}), ...(input === null ? {} : { input }) };
  return JSON.stringify({ ...common, id: requestId, parent, parentExecution });
}

/** The same in every replay, and unique to each request. */
function requestIdOf({ settings }: Steps, id: number): string {
  const hash = createHash("sha1").update(`${settings.instanceId}\n${settings.executionId}\n${id}`).digest("hex");
  return [hash.slice(0, 8), hash.slice(8, 12), hash.slice(12, 16), hash.slice(16, 20), hash.slice(20, 32)].join("-");
}
