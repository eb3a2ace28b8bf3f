import type { Clock } from "../../kit/clock.ts";
import type { Random } from "../random.ts";
import type { Execution, Outcome, Runner } from "./taskRunner.ts";

/** How long tasks appear to run and how they end, when nothing really runs. */
export interface VirtualTasks {
  /** One number, or a minimum and a maximum. */
  readonly seconds: number | readonly [number, number];
  /** The share of tasks that exit with 1, from 0 to 1. */
  readonly failureRate?: number;
}

/** Lets time pass instead of running anything: no processes, downloads or files. */
export function virtualRunner(clock: Clock, random: Random, tasks: VirtualTasks): Runner {
  return {
    start(): Execution<Outcome> {
      const [least, most] = typeof tasks.seconds === "number" ? [tasks.seconds, tasks.seconds] : tasks.seconds;
      const seconds = least + (most - least) * random.number();
      const exitCode = random.number() < (tasks.failureRate ?? 0) ? 1 : 0;
      let kill = (): void => {};
      const outcome = new Promise<Outcome>((settle) => {
        const cancel = clock.after(seconds * 1000, () => settle({ kind: "exited", exitCode }));
        kill = () => {
          cancel();
          settle({ kind: "exited", exitCode: 137 });
        };
      });
      return { outcome, kill };
    },
    upload: () => ({ outcome: Promise.resolve(undefined), kill: () => {} }),
    prepareNode: () => {},
    killAllIn: () => Promise.resolve(),
    removeFolder: () => Promise.resolve(),
  };
}
