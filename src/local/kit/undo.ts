import { errorMessage } from "./errorText.ts";

/** Undoes one step of a start. */
export type UndoStep = () => void | Promise<void>;

/**
 * Starts something that has several parts; `start` pushes how to undo each part as soon as it is up. If `start` fails,
 * the parts that are up are undone, and its error is thrown.
 */
export async function startUndoably<Started extends object>(
  start: (undo: UndoStep[]) => Promise<Started>,
): Promise<Started & { stop(): Promise<void> }> {
  const undo: UndoStep[] = [];
  try {
    const started = await start(undo);
    let stopped: Promise<void> | undefined;
    return { ...started, stop: () => (stopped ??= undoAll(undo)) };
  } catch (error) {
    return failAndUndo(error, undo);
  }
}

/** Does the work, then undoes what it needed, however it ended. If both fail, the error of the work is thrown. */
export async function doAndUndo<Result>(work: () => Promise<Result>, undo: readonly UndoStep[]): Promise<Result> {
  let result: Result;
  try {
    result = await work();
  } catch (error) {
    return failAndUndo(error, undo);
  }
  await undoAll(undo);
  return result;
}

/**
 * Runs every step, the last one first, whatever fails on the way. One error is then thrown as it is, several as an
 * `AggregateError` that names them all.
 */
export async function undoAll(steps: readonly UndoStep[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps.toReversed()) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) {
    throw new AggregateError(errors, `${errors.length} steps failed: ${errors.map(errorMessage).join("; ")}`);
  }
}

async function failAndUndo(error: unknown, undo: readonly UndoStep[]): Promise<never> {
  await undoAll(undo).catch((later: unknown) => addLaterError(error, later));
  throw error;
}

/** The error stays the same object, because its kind and hint matter; its text tells people of the later one. */
function addLaterError(error: unknown, later: unknown): void {
  if (!(error instanceof Error)) return;
  const addition = `Cleaning up afterwards failed as well: ${errorMessage(later)}`;
  for (const property of ["message", "stack"] as const) {
    // Defined, not assigned: the message of an AbortError is read-only.
    const value = `${error[property]}\n${addition}`;
    Object.defineProperty(error, property, { value, writable: true, configurable: true });
  }
}
