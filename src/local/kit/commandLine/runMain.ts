import { withoutProxyForLoopback } from "../loopback.ts";
import { UserError } from "../userError.ts";
import type { Context } from "./command.ts";
import { EXIT } from "./exitCodes.ts";
import { Output } from "./output.ts";
import { reportError } from "./reportError.ts";
import { listenForSignals } from "./signals.ts";

/** What a program does with its arguments. Resolves with the exit code. */
type Main = (argv: readonly string[], context: Context) => Promise<number>;

/** Runs a program from its start to the end of the process. */
export async function runMain(main: Main): Promise<never> {
  const output = new Output();
  let notWritten: NodeJS.ErrnoException | undefined;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough may go (`… | head`).
    if (error.code === "EPIPE") output.endResults();
    else notWritten ??= error;
  });
  // The terminal may be gone, and there is nowhere else to complain.
  process.stderr.on("error", () => {});
  let takes = (_error: unknown): boolean => false;
  process.on("uncaughtException", (error) => {
    if (!takes(error)) process.exit(reportError(error, output));
  });
  Object.assign(process.env, withoutProxyForLoopback(process.env));
  let exitCode = await runToExitCode(main, output, (taking) => (takes = taking));
  await flush(process.stdout);
  if (notWritten !== undefined && exitCode !== EXIT.bug) exitCode = reportError(resultLost(notWritten), output);
  await flush(process.stderr);
  // A handle that some library forgot must not keep a finished program alive.
  process.exit(exitCode);
}

async function runToExitCode(
  main: Main,
  output: Output,
  onUncaught: NonNullable<Context["onUncaught"]>,
): Promise<number> {
  const interruption = listenForSignals((name) => {
    output.note(`${name === "SIGINT" ? "\n" : ""}Stopping … (once more: quit at once)`);
  });
  const { signal } = interruption;
  try {
    const exitCode = await main(process.argv.slice(2), { output, env: process.env, signal, onUncaught });
    return interruption.exitCode ?? exitCode;
  } catch (error) {
    // Interrupted work throws an AbortError. Any other error while stopping outranks the signal.
    const isInterrupted = error instanceof Error && error.name === "AbortError";
    return isInterrupted ? (interruption.exitCode ?? reportError(error, output)) : reportError(error, output);
  }
}

function resultLost(cause: NodeJS.ErrnoException): UserError {
  return new UserError("OutputNotWritten", `The output could not be written: ${cause.message}`, {
    cause,
    hint: "What the command did is done, only its output is lost. Write it somewhere else.",
  });
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}
