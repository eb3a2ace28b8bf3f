import { mkdirSync, renameSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "../../kit/systemError.ts";

/**
 * Makes folders disappear at once and deletes them afterwards: a task or job of the same name may come the next moment
 * and must not lose its files to a deletion that is still under way.
 */
export class Trash {
  readonly #folder: string;
  #count = 0;

  constructor(folder: string) {
    this.#folder = folder;
    // What a killed emulator left undeleted.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }

  async remove(path: string): Promise<void> {
    const place = join(this.#folder, String(this.#count++));
    try {
      renameSync(path, place);
    } catch (error) {
      if (isSystemError(error) && error.code === "ENOENT") return;
      throw error;
    }
    await rm(place, { recursive: true, force: true, maxRetries: 3 });
  }
}
