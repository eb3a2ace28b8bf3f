import { tryEach } from "./tryEach.ts";

const AT_ONCE = 32;

/** What one step of the clean-up removes, some at a time, until its time is up. */
export class Removal {
  count = 0;
  readonly problems: string[] = [];
  /** The name of the step, if there was no time for all of it. */
  readonly unfinished: string[] = [];
  readonly #now: () => Date;
  readonly #until: Date;
  #wasCut = false;

  constructor(now: () => Date, until: Date) {
    this.#now = now;
    this.#until = until;
  }

  get hasTime(): boolean {
    return this.#now() <= this.#until;
  }

  /** Takes the step. If it throws, that is one of the problems, and the other steps go on. */
  async try(name: string, step: () => Promise<void>): Promise<void> {
    await step().catch((error: unknown) => this.problems.push(`${name}: ${String(error)}`));
    if (this.#wasCut || !this.hasTime) this.unfinished.push(name);
  }

  /**
   * Does the same for all items, as long as there is time, and returns the answers. What goes wrong with one does not keep
   * the others.
   */
  async each<Item, Result>(
    items: readonly Item[],
    nameOf: (item: Item) => string,
    action: (item: Item) => Promise<Result>,
  ): Promise<Result[]> {
    const answers: Result[] = [];
    for (let start = 0; start < items.length; start += AT_ONCE) {
      if (!this.hasTime) {
        this.#wasCut = true;
        break;
      }
      const { results, problems } = await tryEach(items.slice(start, start + AT_ONCE), nameOf, action);
      answers.push(...results);
      this.problems.push(...problems);
    }
    return answers;
  }

  /** Removes the items, as long as there is time, and counts those that are gone. */
  async remove<Item>(
    items: readonly Item[],
    nameOf: (item: Item) => string,
    action: (item: Item) => Promise<void>,
  ): Promise<void> {
    this.count += (await this.each(items, nameOf, action)).length;
  }
}
