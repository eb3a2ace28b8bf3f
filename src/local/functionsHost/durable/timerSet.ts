import type { Clock } from "../../kit/clock.ts";
import type { OpenTimer } from "./hubState.ts";

/** The timers of all instances that have not fired yet. */
export class TimerSet {
  readonly #clock: Clock;
  readonly #onFire: (timer: OpenTimer) => void;
  readonly #cancels = new Map<string, Map<number, () => void>>();

  constructor(clock: Clock, onFire: (timer: OpenTimer) => void) {
    this.#clock = clock;
    this.#onFire = onFire;
  }

  arm(timer: OpenTimer): void {
    const { instanceId, timerId, fireAt } = timer;
    const ofInstance = this.#cancels.get(instanceId) ?? new Map<number, () => void>();
    this.#cancels.set(instanceId, ofInstance);
    const cancel = this.#clock.at(Date.parse(fireAt), () => {
      ofInstance.delete(timerId);
      this.#onFire(timer);
    });
    ofInstance.set(timerId, cancel);
  }

  cancel(instanceId: string, timerId: number): void {
    this.#cancels.get(instanceId)?.get(timerId)?.();
    this.#cancels.get(instanceId)?.delete(timerId);
  }

  cancelAll(instanceId: string): void {
    for (const cancel of this.#cancels.get(instanceId)?.values() ?? []) cancel();
    this.#cancels.delete(instanceId);
  }

  close(): void {
    for (const instanceId of this.#cancels.keys()) this.cancelAll(instanceId);
  }
}
