import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readJsonFile } from "../../kit/jsonFile.ts";
import type { ProcessIdentity } from "../../kit/processIdentity.ts";
import { identifyProcess, keepsItsId } from "../../kit/processIdentity.ts";

/** Any of them in the environment of a process says for which node or task it runs. */
const FOLDER_VARIABLES = new Set(["AZ_BATCH_TASK_DIR", "AZ_BATCH_NODE_ROOT_DIR"]);

type IsMeant = (name: string, value: string) => boolean;

const KILL_POLL_MS = 10;
const KILL_POLLS = 200;

interface Entry extends ProcessIdentity {
  readonly workFolder: string;
}

/**
 * Which processes were started for which folder, written down so that the next emulator finds those that a killed one
 * left behind.
 */
export class ProcessRegister {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  add(pid: number, workFolder: string): void {
    const started = identifyProcess(pid);
    if (started === undefined) return;
    writeFileSync(join(this.#folder, String(pid)), JSON.stringify({ ...started, workFolder } satisfies Entry));
  }

  remove(pid: number): void {
    rmSync(join(this.#folder, String(pid)), { force: true });
  }

  /** Ends all that runs for this folder or one below it, and waits until it is gone. */
  async killAllIn(folder: string): Promise<void> {
    for (const pid of this.#registered(folder)) killGroup(pid);
    await killByEnvironment((name, value) => FOLDER_VARIABLES.has(name) && isIn(value, folder));
  }

  #registered(folder: string): number[] {
    return readdirSync(this.#folder)
      .map(Number)
      .filter((pid) => {
        const entry = readJsonFile<Entry>(join(this.#folder, String(pid)));
        const isHere = entry !== undefined && isIn(entry.workFolder, folder);
        if (isHere) this.remove(pid);
        return isHere && keepsItsId(entry);
      });
  }
}

/** The group of the process: it was started as the leader of one. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

/**
 * On Linux also those that left their group (setsid, daemons) and those started in the instant before the emulator was
 * killed: all inherit the environment of the task.
 */
export async function killByEnvironment(isMeant: IsMeant): Promise<void> {
  for (let poll = 0; poll < KILL_POLLS; poll++) {
    const pids = pidsWith(isMeant);
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // Gone already.
      }
    }
    await sleep(KILL_POLL_MS);
  }
}

function pidsWith(isMeant: IsMeant): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      const environment = readText(`/proc/${name}/environ`)?.split("\0") ?? [];
      return environment.some((setting) => {
        const equals = setting.indexOf("=");
        return equals > 0 && isMeant(setting.slice(0, equals), setting.slice(equals + 1));
      });
    })
    .map(Number);
}

export function isIn(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
