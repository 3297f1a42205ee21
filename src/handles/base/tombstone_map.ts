/**
 * A map that keeps the entry when a value is deleted, because the same key returns soon: an easy
 * handle is added and removed for each transfer.
 *
 * A `Map` with many insertions and deletions allocates a new table every few changes. The engine's
 * collection of young objects finds each table referenced by the one before, so the tables and
 * their values stay until the next full collection.
 *
 * @module
 */

/** How many entries without a value are kept, in addition to one for each value. */
const SPARE = 1024;

/** A map from numbers to objects whose keys return soon after they were deleted. */
export class TombstoneMap<T extends object> {
  readonly #entries = new Map<number, T | null>();
  #size = 0;

  /** How many values there are. */
  get size(): number {
    return this.#size;
  }

  /** How many entries there are, those without a value included; for tests. */
  get entries(): number {
    return this.#entries.size;
  }

  /** Sets the value of a key. */
  set(key: number, value: T): void {
    if (!this.#entries.get(key)) this.#size++;
    this.#entries.set(key, value);
  }

  /** The value of a key. */
  get(key: number): T | undefined {
    return this.#entries.get(key) ?? undefined;
  }

  /** Deletes the value of a key; false where it has none. */
  delete(key: number): boolean {
    if (!this.#entries.get(key)) return false;
    this.#entries.set(key, null);
    this.#size--;
    if (this.#entries.size > 2 * this.#size + SPARE) this.#sweep();
    return true;
  }

  #sweep(): void {
    for (const [key, value] of this.#entries) if (value === null) this.#entries.delete(key);
  }

  /** Deletes all values. */
  clear(): void {
    this.#entries.clear();
    this.#size = 0;
  }

  /** The values. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (const value of this.#entries.values()) if (value !== null) yield value;
  }
}
