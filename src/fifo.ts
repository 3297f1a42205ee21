/**
 * `Fifo`: the queue for items that a user or a peer may make many of.
 *
 * @module
 */

/** How many removed items an array may begin with before they are cut off. */
const MOST_REMOVED = 32;

/**
 * A queue whose operations take constant time, on average. `Array.shift` does not: V8 moves all
 * items of an array that has more than some ten thousand, so emptying such a queue is quadratic.
 */
export class Fifo<T> {
  #items: (T | undefined)[];
  /** The index of the first item. Those before it were removed. */
  #first = 0;

  /** Makes a queue of items. The array belongs to the queue from then on. */
  constructor(items: T[] = []) {
    this.#items = items;
  }

  /** How many items there are. */
  get length(): number {
    return this.#items.length - this.#first;
  }

  /** The item that was added first, `undefined` for an empty queue. */
  get first(): T | undefined {
    return this.#items[this.#first];
  }

  /** Adds an item at the end. */
  push(item: T): void {
    this.#items.push(item);
  }

  /** Puts an item in the place of the first one. The queue must not be empty. */
  replaceFirst(item: T): void {
    this.#items[this.#first] = item;
  }

  /** Removes the item that was added first; `undefined` for an empty queue. */
  shift(): T | undefined {
    if (this.length === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first++] = undefined; // the queue must not keep it alive
    if (this.length === 0) this.clear();
    else if (this.#first > MOST_REMOVED && 2 * this.#first > this.#items.length) this.#cutOff();
    return item;
  }

  /** Moves no more items than were removed since the last time. */
  #cutOff(): void {
    this.#items = this.#items.slice(this.#first);
    this.#first = 0;
  }

  /** Removes all items. */
  clear(): void {
    this.#items.length = this.#first = 0;
  }
}
