import { setTimeout as delay } from "node:timers/promises";
import type { DataFolder } from "./dataFolder.ts";
import { readJsonFile, writeJsonFile } from "../kit/jsonFile.ts";
import type { ProcessIdentity } from "../kit/processIdentity.ts";
import { identifyProcess, isRunning } from "../kit/processIdentity.ts";

const POLL_MS = 50;
const EXIT_BOUND_MS = 12_000;

/** Records the stack's processes on disk, so that the next stack knows them if this one is killed. */
export class ChildRegister {
  readonly #folder: DataFolder;
  readonly #children: ProcessIdentity[] = [];

  constructor(folder: DataFolder) {
    this.#folder = folder;
  }

  add(pid: number): void {
    const child = identifyProcess(pid);
    if (child === undefined) return;
    this.#children.push(child);
    writeJsonFile(this.#folder.children, this.#children.filter(isRunning));
  }
}

/**
 * The children of a killed stack exit on their own, but it takes them a moment, and until then they write to the same
 * files. Waits for them, and kills those that do not exit in time.
 */
export async function waitForFormerChildren(folder: DataFolder): Promise<void> {
  const former = readJsonFile<ProcessIdentity[]>(folder.children) ?? [];
  const deadline = Date.now() + EXIT_BOUND_MS;
  while (former.some(isRunning)) {
    if (Date.now() > deadline) former.filter(isRunning).forEach(kill);
    await delay(POLL_MS);
  }
}

function kill({ pid }: ProcessIdentity): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // It may have exited since it was looked at.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
