import { setTimeout as delay } from "node:timers/promises";
import type { StackService } from "../../../src/local/stack/localStack.ts";
import type { ChaosStack } from "./chaosStack.ts";
import type { Disruption, PlannedDisruption } from "./plan.ts";

const WORDS: Readonly<Record<Disruption, string>> = {
  hostKilled: "Functions host killed",
  emulatorKilled: "Batch emulator killed",
  bothKilled: "host and emulator killed",
  hostPaused: "Functions host paused",
  emulatorPaused: "Batch emulator paused",
  storagePaused: "storage paused",
};

/** Kills and pauses services at the planned times; the stack restarts them. */
export async function disrupt(
  planned: readonly PlannedDisruption[],
  stack: ChaosStack,
  { pauseMs, signal, note }: { pauseMs: number; signal: AbortSignal; note: (text: string) => void },
): Promise<void> {
  const pause = async (service: StackService): Promise<void> => {
    stack.send("SIGSTOP", service);
    await delay(pauseMs, undefined, { signal });
    stack.send("SIGCONT", service);
  };
  const startedAt = performance.now();
  for (const { what, atMs } of planned) {
    await delay(Math.max(0, atMs - (performance.now() - startedAt)), undefined, { signal });
    note(WORDS[what]);
    stack.count(WORDS[what]);
    switch (what) {
      case "hostKilled":
        stack.send("SIGKILL", "functions");
        break;
      case "emulatorKilled":
        stack.send("SIGKILL", "batch");
        break;
      case "bothKilled":
        stack.send("SIGKILL", "functions");
        stack.send("SIGKILL", "batch");
        break;
      case "hostPaused":
        await pause("functions");
        break;
      case "emulatorPaused":
        await pause("batch");
        break;
      // Not killed: Azurite would lose the last writes that it acknowledged, and the real service never does.
      case "storagePaused":
        await pause("azurite");
    }
  }
}
