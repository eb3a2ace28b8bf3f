import type { Choices } from "../choices.ts";
import type { Cancel, Clock } from "../../kit/clock.ts";
import { errorText } from "../../kit/errorText.ts";
import type { Faults } from "../faults/faults.ts";
import type { Store } from "../model/store.ts";
import type { Random } from "../random.ts";
import type { Runner } from "../runner/taskRunner.ts";
import { timestamp, VersionSource } from "../timestamp.ts";
import type { Version } from "../timestamp.ts";
import type { Timings } from "../timings.ts";
import type { EngineEvent } from "./events.ts";
import { TaskTokens } from "./taskTokens.ts";

export interface EngineParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly timings: Timings;
  readonly choices: Choices;
  readonly runner: Runner;
  readonly faults: Faults;
  readonly account: { readonly name: string; readonly url: string };
  /** Nodes in all pools together; a resize beyond it ends with a quota error. */
  readonly maxNodes: number;
  /** Ids of the managed identities that every pool has. */
  readonly poolIdentities: readonly string[];
  /** Holds the folders of the nodes. */
  readonly nodesFolder: string;
  readonly log: (line: string) => void;
}

/** What all transitions share: the parts of the emulator, the time, and ways to make something happen. */
export interface Engine extends EngineParts {
  readonly isStopped: boolean;
  readonly tokens: TaskTokens;
  nowMs(): number;
  /** The present, as answers write it. */
  now(): string;
  newVersion(): Version;
  /** Lets an event have its effects, all of them before this returns. */
  emit(event: EngineEvent): void;
  after(delayMs: number, action: () => void): Cancel;
  /** Runs the action once at the end of this turn, however often it is asked for under this key. */
  atEndOfTurn(key: string, action: () => void): void;
  /** For work that nobody waits for: it may fail (a full disk) without ending the emulator. */
  inBackground(work: Promise<unknown>): void;
  /** Freezes all state: what still ends by itself goes unseen, as on a machine that lost power. */
  stop(): void;
}

export function createEngine(parts: EngineParts, react: (engine: Engine, event: EngineEvent) => void): Engine {
  const { clock, log } = parts;
  const versions = new VersionSource();
  const timers = new Set<Cancel>();
  const endOfTurn = new Set<string>();
  let isStopped = false;

  function logFailure(error: unknown): void {
    // That the state cannot be saved is reported once, by `onFailure`.
    if (error !== parts.store.failure) log(errorText(error));
  }

  const engine: Engine = {
    ...parts,
    tokens: new TaskTokens(),
    get isStopped() {
      return isStopped;
    },
    nowMs: () => clock.now(),
    now: () => timestamp(clock.now()),
    newVersion: () => versions.next(clock.now()),
    emit: (event) => react(engine, event),
    after(delayMs, action) {
      if (!Number.isFinite(delayMs) || isStopped) return () => {};
      const stopTimer = clock.after(delayMs, () => {
        timers.delete(cancel);
        try {
          action();
        } catch (error) {
          logFailure(error);
        }
      });
      const cancel = (): void => {
        timers.delete(cancel);
        stopTimer();
      };
      timers.add(cancel);
      return cancel;
    },
    atEndOfTurn(key, action) {
      if (endOfTurn.has(key)) return;
      endOfTurn.add(key);
      queueMicrotask(() => {
        endOfTurn.delete(key);
        try {
          action();
        } catch (error) {
          // That the state cannot be saved is told once, to whoever runs the emulator. Anything else is a bug, and a restart
          // puts right what it has left half done.
          if (error !== parts.store.failure) throw error;
        }
      });
    },
    inBackground(work) {
      work.catch(logFailure);
    },
    stop() {
      isStopped = true;
      for (const cancel of timers) cancel();
    },
  };
  return engine;
}
