import { Cron } from "croner";
import { parseTimeSpan } from "../hostJson.ts";
import { UserError } from "../../kit/userError.ts";

export interface Schedule {
  /** The first time after `time`, both in milliseconds since 1970; undefined if there is none. */
  nextAfter(time: number): number | undefined;
}

/** Six fields with seconds first, in UTC, or a span like `00:05:00`. https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions */
export function parseSchedule(text: string, functionName: string): Schedule {
  const span = parseTimeSpan(text);
  if (span !== undefined && span > 0) return { nextAfter: (time) => time + span };
  const fields = text.trim().split(/\s+/).length;
  try {
    if (fields !== 5 && fields !== 6) throw new Error("it must have six fields");
    const cron = new Cron(fields === 5 ? `0 ${text}` : text, {
      timezone: "UTC",
      mode: "6-part",
      domAndDow: true,
      paused: true,
    });
    return { nextAfter: (time) => cron.nextRun(new Date(time))?.getTime() };
  } catch (cause) {
    throw new UserError(
      "BadSchedule",
      `Function ${functionName} has the schedule "${text}", which cannot be read: ${(cause as Error).message}`,
      {
        cause,
        hint: 'Write {second} {minute} {hour} {day} {month} {day-of-week}, for example "0 */5 * * * *".',
      },
    );
  }
}
