import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { findAppRoot } from "../../src/local/kit/appRoot.ts";
import { readJsonFile } from "../../src/local/kit/jsonFile.ts";

/** A request that a process has answered; times in milliseconds since 1970. */
export interface AnsweredRequest {
  readonly kind: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** What a process has done and used since it started. */
export interface Snapshot {
  /** Counts up. */
  readonly number: number;
  /** How many it has served, by `<port> <kind>`. */
  readonly requests: Readonly<Record<string, number>>;
  /** The last some hundred, the oldest first; only where the process was asked for it. */
  readonly answered?: readonly AnsweredRequest[];
  readonly cpuSeconds: number;
  readonly peakRssBytes: number;
  readonly rssBytes: number;
  readonly heapBytes: number;
}

/** How the requests of a trial itself are to begin their user agent: they are told from all others. */
export const TRIAL_AGENT = "mp3drop-trial";

const PROBE = join(findAppRoot(), "test/probes/probe.mjs");
const POLL_MS = 25;

/** Looks into the processes that are started with its environment. */
export class Probes {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** `env` with the probe, for processes of Node. */
  environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    const options = [env["NODE_OPTIONS"], `--import=${pathToFileURL(PROBE).href}`].filter(Boolean).join(" ");
    return { ...env, NODE_OPTIONS: options, PROBE_FOLDER: this.#folder };
  }

  /** The last one that the process has written by itself; undefined before the first. */
  latest(pid: number): Snapshot | undefined {
    return this.#read(pid, "latest");
  }

  /** Has the process collect its garbage, and look at itself then. */
  async take(pid: number, signal: AbortSignal): Promise<Snapshot> {
    const before = this.#read(pid, "collected")?.number;
    process.kill(pid, "SIGUSR2");
    for (;;) {
      const snapshot = this.#read(pid, "collected");
      if (snapshot !== undefined && snapshot.number !== before) return snapshot;
      await delay(POLL_MS, undefined, { signal });
    }
  }

  #read(pid: number, name: "latest" | "collected"): Snapshot | undefined {
    return readJsonFile<Snapshot>(join(this.#folder, `${pid}.${name}.json`));
  }
}
