import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Under npm, one Ctrl-C arrives twice: from the terminal, and passed on by npm. */
const ECHO_MS = 300;

interface Interruption {
  readonly signal: AbortSignal;
  /** 128 + the number of the signal that came; undefined if none came. */
  readonly exitCode: number | undefined;
}

/**
 * The first signal asks for an orderly stop, the second one exits at once. The services of a local stack exit with us
 * even then (see exitWithParent.ts).
 */
export function listenForSignals(onFirst: (name: string) => void): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  let firstAt = 0;
  for (const name of SIGNALS) {
    process.on(name, () => {
      const code = 128 + constants.signals[name];
      if (exitCode !== undefined) {
        if (performance.now() - firstAt > ECHO_MS) process.exit(code);
        return;
      }
      exitCode = code;
      firstAt = performance.now();
      onFirst(name);
      controller.abort();
    });
  }
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
  };
}
