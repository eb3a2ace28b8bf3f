const LABEL = "\n\n$OutOfProcData$:";

/**
 * The state of an orchestrator that has thrown, as JSON. The SDK can do no more than reject, so it appends the state to
 * the error's message, and the Durable extension takes it off again.
 *
 * Relies on: the label that durable-functions and the extension have agreed on.
 * Seen with: durable-functions 3.0.0 to 3.5.0.
 * If it goes: undefined, and the instance fails as if its function could not run at all.
 */
export function readFailedState(message: string): string | undefined {
  const at = message.lastIndexOf(LABEL);
  return at < 0 ? undefined : message.slice(at + LABEL.length);
}
