import { closeSync, openSync, renameSync, statSync, writeSync } from "node:fs";

const MAX_LOG_BYTES = 10 * 1024 * 1024;

/** The log of one service of the stack, for its owner only. A long one is set aside at the next start, as `.old`. */
export class LogFile {
  #file: number | undefined;

  constructor(path: string) {
    if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) renameSync(path, `${path}.old`);
    this.#file = openSync(path, "a", 0o600);
  }

  write(line: string): void {
    try {
      if (this.#file !== undefined) writeSync(this.#file, `${new Date().toISOString()} ${line}\n`);
    } catch {
      // A full disk is the service's to report; a log must not bring it down.
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}
