import { UserError } from "../../kit/userError.ts";
import type { Choices } from "../choices.ts";
import type { Cancel, Clock } from "../clock.ts";
import type { Store } from "../model/store.ts";
import type { Random } from "../random.ts";
import { timestamp, VersionSource } from "../timestamp.ts";
import type { Version } from "../timestamp.ts";
import type { EngineFaults } from "./engineFaults.ts";
import type { Runner } from "./runner.ts";
import type { Timings } from "./timings.ts";

export interface EngineOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly timings: Timings;
  readonly choices: Choices;
  readonly runner: Runner;
  readonly faults: EngineFaults;
  readonly account: { readonly name: string; readonly url: string };
  /** Nodes in all pools together; a resize beyond it ends with a quota error. */
  readonly maxNodes: number;
  /** Holds the folders of the nodes. */
  readonly nodesFolder: string;
  readonly log: (line: string) => void;
}

/** What all state machines share: the store, the time, chance, and a way to do something later. */
export class Engine {
  readonly store: Store;
  readonly random: Random;
  readonly timings: Timings;
  readonly choices: Choices;
  readonly runner: Runner;
  readonly faults: EngineFaults;
  readonly account: EngineOptions["account"];
  readonly maxNodes: number;
  readonly nodesFolder: string;
  readonly log: (line: string) => void;
  /** Ids of pools whose waiting tasks are to be looked at before this turn ends. */
  readonly poolsToSchedule = new Set<string>();
  readonly #clock: Clock;
  readonly #versions = new VersionSource();
  readonly #timers = new Set<Cancel>();
  #isStopped = false;

  constructor(options: EngineOptions) {
    this.store = options.store;
    this.random = options.random;
    this.timings = options.timings;
    this.choices = options.choices;
    this.runner = options.runner;
    this.faults = options.faults;
    this.account = options.account;
    this.maxNodes = options.maxNodes;
    this.nodesFolder = options.nodesFolder;
    this.log = options.log;
    this.#clock = options.clock;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  nowMs(): number {
    return this.#clock.now();
  }

  /** The present, as it stands in an answer. */
  now(): string {
    return timestamp(this.#clock.now());
  }

  newVersion(): Version {
    return this.#versions.next(this.#clock.now());
  }

  after(delayMs: number, action: () => void): Cancel {
    if (!Number.isFinite(delayMs) || this.#isStopped) return () => {};
    const stopTimer = this.#clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      try {
        action();
      } catch (error) {
        this.#logFailure(error);
      }
    });
    const cancel = (): void => {
      this.#timers.delete(cancel);
      stopTimer();
    };
    this.#timers.add(cancel);
    return cancel;
  }

  /** For what nobody waits for: it may fail (a full disk), but not end the emulator. */
  inBackground(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#logFailure(error));
  }

  /** No state changes any more: what still ends by itself ends unseen, as for a machine that lost its power. */
  stop(): void {
    this.#isStopped = true;
    for (const cancel of this.#timers) cancel();
  }

  #logFailure(error: unknown): void {
    // That the journal has failed is told once, to whoever runs the emulator.
    if (error instanceof UserError) return;
    this.log(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}
