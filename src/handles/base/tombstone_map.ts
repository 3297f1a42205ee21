/**
 * Who is in, by a number that comes back: an easy handle is added and removed for each transfer.
 *
 * A `Map` whose entries come and go makes a new table every few changes, and the engine's collector
 * of young objects finds each table kept alive by the one before, with all that was in it, until it
 * looks through the whole memory. So here an entry stays when its value goes.
 *
 * @module
 */

/** How many empty entries may be there beside as many full ones. */
const SPARE = 1024;

/** See the module. */
export class TombstoneMap<T extends object> {
  readonly #entries = new Map<number, T | null>();
  #size = 0;

  /** How many are in. */
  get size(): number {
    return this.#size;
  }

  /** How many entries there are, empty ones too, for checks. */
  get entries(): number {
    return this.#entries.size;
  }

  /** Puts one in, in the place of the one that had the number. */
  set(key: number, value: T): void {
    if (!this.#entries.get(key)) this.#size++;
    this.#entries.set(key, value);
  }

  /** The one with that number. */
  get(key: number): T | undefined {
    return this.#entries.get(key) ?? undefined;
  }

  /** Lets one go; false where there is none. */
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

  /** Lets all go. */
  clear(): void {
    this.#entries.clear();
    this.#size = 0;
  }

  /** Those who are in. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    for (const value of this.#entries.values()) if (value !== null) yield value;
  }
}
