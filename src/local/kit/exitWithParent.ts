import { Socket } from "node:net";

/** Longer than an orderly stop takes. After that, nobody is left to kill the process but itself. */
const STOP_BOUND_MS = 10_000;

/**
 * Preloaded (`node --import`) into every child process of the local stack: when the parent is gone, however it died, its
 * end of our stdin closes and we exit too. So not even a `kill -9` of the parent leaves a port taken.
 */
process.stdin.on("close", () => {
  setTimeout(() => process.kill(process.pid, "SIGKILL"), STOP_BOUND_MS).unref();
  process.kill(process.pid, "SIGTERM");
});
process.stdin.on("error", () => {});
process.stdin.resume();
// Watching the parent must not keep us alive: a service that has closed everything else is done.
if (process.stdin instanceof Socket) process.stdin.unref();

// Nobody reads what we write after the parent has died; a broken pipe must not cut the orderly stop short.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
