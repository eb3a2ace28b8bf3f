import { join } from "node:path";
import { Archive } from "../../../../src/local/kit/archive.ts";
import { VirtualClock } from "../../../../src/local/kit/virtualClock.ts";
import type { HubFaults } from "../../../../src/local/functionsHost/durable/hubFaults.ts";
import { HubState } from "../../../../src/local/functionsHost/durable/hubState.ts";
import type { HubEntry } from "../../../../src/local/functionsHost/durable/hubState.ts";
import { TaskHub } from "../../../../src/local/functionsHost/durable/taskHub.ts";
import type { TaskHubOptions } from "../../../../src/local/functionsHost/durable/taskHub.ts";
import { WorkerRunner } from "../../../../src/local/functionsHost/durable/workerRunner.ts";
import type { Instance } from "../../../../src/local/functionsHost/engine/instance.ts";
import { StateFile } from "../../../../src/local/functionsHost/stateFile.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";
import { createTestApp } from "./testApp.ts";
import type { TestFunctions } from "./testApp.ts";

export const START_TIME = Date.parse("2026-01-01T00:00:00.000Z");

export interface TestHubOptions extends TestFunctions {
  readonly faults?: HubFaults;
  readonly guards?: TaskHubOptions["guards"];
  readonly settings?: Partial<TaskHubOptions["settings"]>;
  readonly spans?: TaskHubOptions["spans"];
  readonly maxHistoryEvents?: number;
  /** Keeps what an earlier hub has written. */
  readonly folder?: string;
  readonly clock?: VirtualClock;
  readonly storage?: { readonly compactAtBytes: number };
}

export interface TestHub {
  readonly hub: TaskHub;
  readonly clock: VirtualClock;
  readonly log: readonly string[];
  start(id: string, name: string, input?: unknown): void;
  raise(id: string, name: string, data: unknown): void;
  /** Everything is done that can be done at the present time. */
  idle(): Promise<void>;
  /** Jumps from timer to timer until nothing is left to be done; rejects when the hub has failed. */
  settle(): Promise<void>;
  instance(id: string): Instance;
  output(id: string): unknown;
  readonly close: () => void;
}

/** A task hub with the real SDK, a real journal and a clock that stands still. */
export function openTestHub(options: TestHubOptions): TestHub {
  const {
    folder = temporaryFolder(),
    clock = new VirtualClock(START_TIME),
    settings,
    faults,
    guards,
    spans,
    maxHistoryEvents,
    storage,
  } = options;
  const archive = new Archive(join(folder, "archive"));
  const state = new HubState(archive);
  const file = new StateFile(join(folder, "state.journal"), { hub: state }, { archive, ...storage });
  const log: string[] = [];
  const waiting: { onIdle: () => void; reject: (error: unknown) => void } = {
    onIdle: () => undefined,
    reject: () => undefined,
  };
  const failure: { error?: unknown } = {};
  file.open();
  const hub = new TaskHub({
    state,
    persist: file.writer<HubEntry>("hub"),
    runner: new WorkerRunner(createTestApp(options)),
    clock,
    log: { write: (level, _category, message) => void log.push(`${level}: ${message}`) },
    settings: {
      maxConcurrentActivityFunctions: 10,
      maxConcurrentOrchestratorFunctions: 10,
      maxOrchestrationActions: 1000,
      ...settings,
    },
    onIdle: () => waiting.onIdle(),
    onFailure: (error) => {
      failure.error = error;
      waiting.reject(error);
    },
    ...(faults === undefined ? {} : { faults }),
    ...(guards === undefined ? {} : { guards }),
    ...(spans === undefined ? {} : { spans }),
    ...(maxHistoryEvents === undefined ? {} : { maxHistoryEvents }),
  });
  const close = (): void => {
    hub.stop();
    file.close();
  };
  try {
    hub.start();
  } catch (error) {
    // Nothing of it must go on beside the hub that is opened next.
    close();
    throw error;
  }

  const until = (isDone: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      if (failure.error !== undefined) reject(failure.error as Error);
      waiting.reject = reject;
      waiting.onIdle = () => {
        if (isDone()) resolve();
      };
      setImmediate(() => {
        if (hub.isIdle) waiting.onIdle();
      });
    });
  const instance = (id: string): Instance => {
    const found = state.instances.find(id);
    if (found === undefined) throw new Error(`There is no instance ${id}`);
    return found;
  };

  return {
    hub,
    clock,
    log,
    start: (id, name, input) => hub.startInstance(id, name, input === undefined ? null : JSON.stringify(input)),
    raise: (to, name, data) => hub.deliver({ to, message: { type: "event", name, input: JSON.stringify(data) } }),
    idle: () => until(() => true),
    settle: () =>
      until(() => {
        // Some timers give the hub nothing to do, and then it says nothing.
        while (hub.isIdle && failure.error === undefined) if (!clock.jumpToNext()) return true;
        return false;
      }),
    instance,
    output: (id) => JSON.parse(instance(id).output ?? "null"),
    close,
  };
}
