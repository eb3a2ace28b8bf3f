import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";

/**
 * Starts a program whose files may grow to some 10 kB and no further. Like a full disk, the limit cuts one write short and
 * refuses the next. Node ignores the signal that comes with it.
 */
export function spawnUnderFileSizeLimit(
  program: string,
  args: readonly string[],
): ChildProcessByStdio<null, Readable, Readable> {
  const limited = ["-c", 'ulimit -f 20; exec "$@"', "sh", program, ...args];
  return spawn("sh", limited, { stdio: ["ignore", "pipe", "pipe"] });
}
