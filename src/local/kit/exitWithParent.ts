import { Socket } from "node:net";

/** Longer than an orderly stop takes; then the process has no one left to care about it. */
const STOP_BOUND_MS = 10_000;

/**
 * Preloaded (`node --import`) into every child process of the local stack: when the parent goes away, however it dies,
 * its end of our stdin closes and we leave too, so that `kill -9` of the parent never leaves a port occupied.
 */
process.stdin.on("close", () => {
  setTimeout(() => process.kill(process.pid, "SIGKILL"), STOP_BOUND_MS).unref();
  process.kill(process.pid, "SIGTERM");
});
process.stdin.on("error", () => {});
process.stdin.resume();
// Waiting for the parent's death is no reason to stay: a service that has closed all else is done.
if (process.stdin instanceof Socket) process.stdin.unref();

// Nobody reads what is said after the parent has died; a broken pipe must not cut the orderly stop short.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
