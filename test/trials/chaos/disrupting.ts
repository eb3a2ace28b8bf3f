import { setTimeout as delay } from "node:timers/promises";
import type { StackService } from "../../../src/local/stack/localStack.ts";
import type { ChaosStack } from "./chaosStack.ts";
import { containerOf } from "./containers.ts";
import type { Disruption, Pace, PlannedDisruption } from "./plan.ts";

interface DisruptingOptions {
  /** Nothing strikes before. */
  readonly after: Promise<void>;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  readonly note: (text: string) => void;
}

interface Strike {
  readonly words: string;
  readonly strike: (stack: ChaosStack, options: Omit<DisruptingOptions, "after">) => void | Promise<void>;
}

const STRIKES: Readonly<Record<Disruption, Strike>> = {
  hostKilled: kill("Functions host killed", "functions"),
  emulatorKilled: kill("Batch emulator killed", "batch"),
  bothKilled: kill("host and emulator killed", "functions", "batch"),
  storageKilledAfterUpload: killStorage("storage killed right after an upload", (stack, act) =>
    stack.afterNextUpload(act),
  ),
  storageKilledInPublish: killStorage("storage killed right after a copy", (stack, act) =>
    stack.proxy.afterNextCopy(act),
  ),
  hostPaused: pause("Functions host paused", "functions"),
  emulatorPaused: pause("Batch emulator paused", "batch"),
  storagePaused: pause("storage paused", "azurite"),
  storageSilent: {
    words: "storage accepts and never answers",
    strike: (stack, { pace, signal }) => silence(stack, pace.silenceMs, signal),
  },
  outputDeleted: deleteContainer("output"),
  workDeleted: deleteContainer("work"),
  applicationDeleted: deleteContainer("application"),
};

/** Kills and pauses services, and deletes containers, at the planned times; the stack restarts what was killed. */
export async function disrupt(
  planned: readonly PlannedDisruption[],
  stack: ChaosStack,
  { after, ...options }: DisruptingOptions,
): Promise<void> {
  const startedAt = performance.now();
  const strikes = planned.map(async ({ what, atMs }) => {
    await Promise.all([delay(Math.max(0, atMs - (performance.now() - startedAt)), undefined, options), after]);
    const { words, strike } = STRIKES[what];
    options.note(words);
    stack.count(words);
    await strike(stack, options);
  });
  await Promise.all(strikes);
}

function kill(words: string, ...services: readonly StackService[]): Strike {
  return { words, strike: (stack) => services.forEach((service) => stack.send("SIGKILL", service)) };
}

/** Right after something that it has acknowledged. If that does not come in time, it is killed all the same. */
function killStorage(words: string, afterNext: (stack: ChaosStack, act: () => void) => void): Strike {
  const strike: Strike["strike"] = async (stack, { pace, signal }) => {
    const isOver = new AbortController();
    let hasStruck = false;
    const act = (): void => {
      isOver.abort();
      if (!hasStruck) stack.send("SIGKILL", "azurite");
      hasStruck = true;
    };
    afterNext(stack, act);
    await delay(pace.pauseMs, undefined, { signal: AbortSignal.any([signal, isOver.signal]) }).catch(() => {});
    signal.throwIfAborted();
    act();
  };
  return { words, strike };
}

function pause(words: string, service: StackService): Strike {
  const strike: Strike["strike"] = async (stack, { pace, signal }) => {
    stack.send("SIGSTOP", service);
    await delay(pace.pauseMs, undefined, { signal });
    stack.send("SIGCONT", service);
  };
  return { words, strike };
}

async function silence(stack: ChaosStack, forMs: number, signal: AbortSignal): Promise<void> {
  stack.proxy.beSilent(true);
  await delay(forMs, undefined, { signal });
  stack.proxy.beSilent(false);
}

function deleteContainer(name: string): Strike {
  const strike: Strike["strike"] = async ({ connection, proxy }) => {
    proxy.keepDeleted(name);
    await containerOf(connection, name).deleteIfExists();
  };
  return { words: `container ${name} deleted`, strike };
}
