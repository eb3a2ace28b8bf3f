import type { OrchestrationContext } from "durable-functions";
import * as df from "durable-functions";
import { noteUntold, notify } from "../activities/index.ts";
import type { NotifyOutput } from "../activities/notify.ts";
import type { Step } from "../durable.ts";
import { readActivityError } from "../model/activityError.ts";
import type { Untold } from "../model/conversion.ts";
import type { TellingInput } from "../model/telling.ts";
import { TELL_END } from "../model/telling.ts";
import { addSeconds } from "../model/time.ts";
import { briefRetry } from "./retries.ts";

/** Between the tries: eight of them, in about 20 hours. */
const PAUSES_SECONDS = [10, 60, 300, 1800, 7200, 21_600, 43_200];
const MAX_PAUSE_SECONDS = 43_200;

/**
 * Tells of one end of one conversion, at least once, however often that has to be tried, and notes in the record who would not
 * hear of it. Each try is a generation of its own, an activity and a timer, so there is little to replay: an app that does
 * this in another way gives the orchestration another name, and keeps this one until the last of them has ended.
 */
export function* tellEnd(context: OrchestrationContext): Step<readonly Untold[] | undefined> {
  const input = context.df.getInput<TellingInput>();
  const { record, channels, tries = 0, untold = [] } = input;
  const pauseSeconds = PAUSES_SECONDS[tries];
  const isLast = pauseSeconds === undefined;
  const warn = (message: string): void => {
    if (!context.df.isReplaying) context.warn(message);
  };

  if (channels.length > 0) {
    const failed = yield* tell(input);
    const at = context.df.currentUtcDateTime.toISOString();
    const over = failed.filter(({ status }) => isLast || status === "refused");
    const later = failed.filter((one) => !over.includes(one));
    for (const { channel, reason } of failed) {
      warn(`Could not tell the ${channel} of the end of conversion ${record.conversionId}: ${reason}`);
    }
    const next = {
      record,
      channels: later.map(({ channel }) => channel),
      untold: [
        ...untold,
        ...over.map(({ channel, status, httpStatus, reason }) => {
          const kind = status === "refused" ? ("refused" as const) : ("givenUp" as const);
          return { channel, status: kind, httpStatus, reason, at };
        }),
      ],
    };
    if (later.length > 0) {
      const asked = Math.max(...later.map(({ retryAfterSeconds }) => retryAfterSeconds));
      yield* pause(context, Math.max(pauseSeconds ?? 0, Math.min(asked, MAX_PAUSE_SECONDS)));
      context.df.continueAsNew({ ...next, tries: tries + 1 });
      return undefined;
    }
    if (next.untold.length === 0) return [];
    // The tries to write the record are counted anew.
    context.df.continueAsNew(next);
    return undefined;
  }

  try {
    yield* noteUntold({ record, untold }, briefRetry);
  } catch (error) {
    const { reason } = readActivityError(error);
    warn(`Could not note in the record of conversion ${record.conversionId} who was not told of its end: ${reason}`);
    if (!isLast) {
      yield* pause(context, pauseSeconds);
      context.df.continueAsNew({ ...input, tries: tries + 1 });
      return undefined;
    }
  }
  return untold;
}

function* tell({ record, channels }: TellingInput): Step<NotifyOutput["failed"]> {
  try {
    return (yield* notify({ record, channels }, briefRetry)).failed;
  } catch (error) {
    const { reason, retryAfterSeconds } = readActivityError(error);
    const status = "unavailable" as const;
    return channels.map((channel) => ({ channel, status, httpStatus: null, reason, retryAfterSeconds }));
  }
}

function* pause(context: OrchestrationContext, seconds: number): Step<void> {
  yield context.df.createTimer(addSeconds(context.df.currentUtcDateTime, seconds));
}

df.app.orchestration(TELL_END, tellEnd);
