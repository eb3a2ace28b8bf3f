import { Future } from "./future.ts";

/**
 * Where raised events and those that wait for them meet. The last to wait is the first to be served, the first event
 * to come is the first to be taken, and case does not matter: as in the extension.
 */
export class Mailbox {
  readonly #waiters = new Map<string, { readonly name: string; readonly future: Future }[]>();
  readonly #early = new Map<string, string[]>();
  /** Events that were taken for one whose name differs in case. */
  readonly ofOtherCase: { readonly raised: string; readonly awaited: string }[] = [];

  waitFor(name: string): Future {
    const key = name.toLowerCase();
    const early = this.#early.get(key)?.shift();
    if (early !== undefined) {
      this.#compare(early, name);
      return Future.done();
    }
    const future = new Future();
    add(this.#waiters, key, { name, future });
    return future;
  }

  raise(name: string): void {
    const key = name.toLowerCase();
    const waiter = this.#waiters.get(key)?.pop();
    if (waiter === undefined) {
      add(this.#early, key, name);
      return;
    }
    this.#compare(name, waiter.name);
    waiter.future.settle({ ok: true, result: null });
  }

  #compare(raised: string, awaited: string): void {
    if (raised !== awaited) this.ofOtherCase.push({ raised, awaited });
  }
}

function add<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
