export type Outcome =
  | { readonly ok: true; readonly result: string | null }
  | { readonly ok: false; readonly isNonRetriable: boolean };

const DONE: Outcome = { ok: true, result: null };

/**
 * A promise whose continuations run at once, inside `settle`: a replay must do everything that one history event causes
 * before it looks at the next.
 */
export class Future {
  #outcome: Outcome | undefined;
  #listeners: ((outcome: Outcome) => void)[] = [];

  static done(): Future {
    const future = new Future();
    future.settle(DONE);
    return future;
  }

  get isSettled(): boolean {
    return this.#outcome !== undefined;
  }

  settle(outcome: Outcome): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = outcome;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener(outcome);
  }

  onSettled(listener: (outcome: Outcome) => void): void {
    if (this.#outcome === undefined) this.#listeners.push(listener);
    else listener(this.#outcome);
  }
}
