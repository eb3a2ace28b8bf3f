import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { VirtualClock } from "../../../src/local/batchEmulator/index.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { startVirtualFixture } from "./emulator.ts";

/** What a kill -9 leaves at this moment: the journal and the archive as they are, in a folder of their own. */
export function copyOfData(dataFolder: string): string {
  const copy = temporaryFolder();
  mkdirSync(join(copy, "batch"));
  for (const name of ["journal.jsonl", "archive"]) {
    cpSync(join(dataFolder, "batch", name), join(copy, "batch", name), { recursive: true });
  }
  return copy;
}

/** An emulator that is started an hour after all virtual ones, or at another time. */
export async function reopen(dataFolder: string, nowMs = Date.UTC(2026, 0, 1, 13)) {
  const clock = new VirtualClock(nowMs);
  const fixture = await startVirtualFixture({ dataFolder, clock });
  return { ...fixture, clock };
}
