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

/**
 * Lets the service run until the process is told to stop or the service fails, then stops it. With `isJson`, a line on
 * stdout tells the parent process why it failed.
 */
export async function runService(
  service: RunningService,
  { output, signal }: Context,
  isJson: boolean,
): Promise<number> {
  const untilEnd = async (): Promise<void> => {
    if (!signal.aborted) await Promise.race([once(signal, "abort"), service.failed]);
  };
  try {
    await doAndUndo(untilEnd, [() => service.stop()]);
    return EXIT.ok;
  } catch (error) {
    if (isJson && error instanceof UserError) output.result(failureLine(error));
    throw error;
  }
}
