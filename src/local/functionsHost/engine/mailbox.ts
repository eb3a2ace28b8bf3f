import { Future } from "./future.ts";

/**
 * Where raised events meet those who wait for them. As in the extension, the last to wait is served first, the first
 * event to come is taken first, and case does not matter.
 */
export class Mailbox {
  readonly #waiters = new Map<string, { readonly name: string; readonly future: Future }[]>();
  readonly #early = new Map<string, string[]>();
  /** Events that matched a name in a different case. */
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
