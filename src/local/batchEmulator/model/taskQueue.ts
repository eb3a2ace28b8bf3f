/**
 * Items that wait, oldest first. A Set would do, but a Set that loses its oldest members keeps their places until it
 * shrinks, so finding its first member takes longer the longer the queue once was.
 */
export class TaskQueue<Item> implements Iterable<Item> {
  #items: (Item | undefined)[] = [];
  #head = 0;
  readonly #places = new Map<Item, number>();

  get size(): number {
    return this.#places.size;
  }

  add(item: Item): void {
    if (this.#places.has(item)) return;
    this.#places.set(item, this.#items.length);
    this.#items.push(item);
  }

  delete(item: Item): void {
    const place = this.#places.get(item);
    if (place === undefined) return;
    this.#places.delete(item);
    this.#items[place] = undefined;
    this.#forgetEmptyPlaces();
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (let place = this.#head; place < this.#items.length; place++) {
      const item = this.#items[place];
      if (item !== undefined) yield item;
    }
  }

  #forgetEmptyPlaces(): void {
    while (this.#head < this.#items.length && this.#items[this.#head] === undefined) this.#head++;
    if (this.#items.length < 2 * this.size + 16) return;
    this.#items = [...this];
    this.#head = 0;
    this.#items.forEach((item, place) => {
      if (item !== undefined) this.#places.set(item, place);
    });
  }
}
