import { setTimeout as delay } from "node:timers/promises";
import type { DataFolder } from "./dataFolder.ts";
import { readJsonFile, writeJsonFile } from "../kit/jsonFile.ts";
import type { ProcessIdentity } from "../kit/processIdentity.ts";
import { identifyProcess, isRunning } from "../kit/processIdentity.ts";

const POLL_MS = 50;
const LEAVE_BOUND_MS = 12_000;

/** Keeps the processes of a stack on disk, because the next stack has to know them when this one is killed. */
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
 * The children of a killed stack leave by themselves, but take a moment, and until then they write to the same files.
 * Waits for them, and ends those that do not go.
 */
export async function outliveFormerChildren(folder: DataFolder): Promise<void> {
  const former = readJsonFile<ProcessIdentity[]>(folder.children) ?? [];
  const deadline = Date.now() + LEAVE_BOUND_MS;
  while (former.some(isRunning)) {
    if (Date.now() > deadline) for (const child of former.filter(isRunning)) process.kill(child.pid, "SIGKILL");
    await delay(POLL_MS);
  }
}
