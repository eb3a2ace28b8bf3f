import type { OrchestrationContext, Task } from "durable-functions";

/** An external event that a pause can wait for. */
export interface Signal {
  /** Another task that waits for it. To be yielded. */
  wait(): Task;
  /** How often it has come in this generation of the orchestration. */
  count(): number;
  /** Whether it has come since this was last asked. */
  hasComeAgain(): boolean;
}

/**
 * An event goes to the newest of the tasks that wait for it, and may come at any time, even while nothing waits. So
 * each pause makes a task of its own, as the host counts them, and all are checked.
 */
export function createSignal(context: OrchestrationContext, name: string): Signal {
  const waiters: Task[] = [];
  const count = (): number => waiters.filter(({ isCompleted }) => isCompleted).length;
  let noticed = 0;
  return {
    count,
    wait() {
      const waiter = context.df.waitForExternalEvent(name);
      waiters.push(waiter);
      return waiter;
    },
    hasComeAgain() {
      const known = noticed;
      noticed = count();
      return noticed > known;
    },
  };
}
