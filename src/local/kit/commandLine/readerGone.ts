import { closeSync, constants, fstatSync, openSync } from "node:fs";

/**
 * Whether nobody reads a pipe any more, which a program otherwise learns only when it writes. Linux refuses to open the
 * writing end of such a pipe without waiting (https://man7.org/linux/man-pages/man7/fifo.7.html). False where that cannot be
 * found out.
 */
export function isReaderGone(descriptor: number): boolean {
  try {
    if (!fstatSync(descriptor).isFIFO()) return false;
    closeSync(openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK));
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENXIO";
  }
}
