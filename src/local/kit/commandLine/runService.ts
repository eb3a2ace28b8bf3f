import { once } from "node:events";
import { failureLine } from "../failureLine.ts";
import { doAndUndo } from "../undo.ts";
import { UserError } from "../userError.ts";
import type { Context } from "./command.ts";
import { EXIT } from "./exitCodes.ts";

/** A service that has started. */
interface RunningService {
  /** Rejects when the service can do nothing more; never resolves. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/**
 * Lets the service run until the process is told to end, or it fails, and stops it. With `isJson`, whoever started the
 * process reads on stdout why it stops.
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
