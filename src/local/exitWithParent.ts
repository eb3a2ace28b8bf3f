/**
 * Preloaded (`node --import`) into every child process of the local stack: when the parent goes away, however it dies,
 * its end of our stdin closes and we leave too, so that `kill -9` of the parent never leaves a port occupied.
 */
process.stdin.on("close", () => process.kill(process.pid, "SIGTERM"));
process.stdin.resume();
