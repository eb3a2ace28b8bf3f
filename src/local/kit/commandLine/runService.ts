import { once } from "node:events";
import { failureLine } from "../failureLine.ts";
import { doAndUndo } from "../undo.ts";
import { UserError } from "../userError.ts";
import type { Context } from "./command.ts";
import { EXIT } from "./exitCodes.ts";

/** A service that has started. */
interface RunningService {
  /** Rejects when the service can no longer work; never resolves. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** Shorter than the time after which the parent process kills a service that does not stop. */
const STOP_BOUND_MS = 6_000;

/**
 * Lets the service run until the process is told to stop or the service fails, then stops it. With `isJson`, a line on
 * stdout tells the parent process why it failed. That comes first, because the stop may hang on what made it fail.
 */
export async function runService(
  service: RunningService,
  { output, signal }: Context,
  isJson: boolean,
  stopBoundMs = STOP_BOUND_MS,
): Promise<number> {
  const untilEnd = async (): Promise<void> => {
    try {
      if (!signal.aborted) await Promise.race([once(signal, "abort"), service.failed]);
    } catch (error) {
      if (isJson && error instanceof UserError) output.result(failureLine(error));
      throw error;
    }
  };
  await doAndUndo(untilEnd, [() => stopWithin(service, stopBoundMs)]);
  return EXIT.ok;
}

async function stopWithin(service: RunningService, boundMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<never>((_, reject) => {
    const late = new UserError("StopTimedOut", `The service did not stop within ${boundMs / 1000} s`);
    timer = setTimeout(() => reject(late), boundMs);
  });
  try {
    await Promise.race([service.stop(), bound]);
  } finally {
    clearTimeout(timer);
  }
}
