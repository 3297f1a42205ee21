/**
 * The table behind `assign`: fd → id → value. libcurl holds the id as its `sockptr`; the value
 * never leaves JS. Ids are small, never 0, and not used twice.
 *
 * @module
 */

/** The values given to `assign`. */
export class FdTable {
  readonly #ids = new Map<number, number>();
  readonly #values = new Map<number, unknown>();
  #last = 0;

  /** Takes an id for a value, to be bound to an fd once libcurl has accepted it. */
  reserve(value: unknown): number {
    // an id of four billion assigns ago is long gone
    this.#last = this.#last >= 0xffffffff ? 1 : this.#last + 1;
    this.#values.set(this.#last, value);
    return this.#last;
  }

  /** Binds an id to an fd; what was bound before is forgotten. */
  bind(fd: number, id: number): void {
    this.remove(fd);
    this.#ids.set(fd, id);
  }

  /** Gives up an id that was not bound. */
  cancel(id: number): void {
    this.#values.delete(id);
  }

  /** The value that libcurl's `sockptr` stands for, `undefined` for 0 and for a dead id. */
  value(id: number): unknown {
    return this.#values.get(id);
  }

  /** Forgets the value of an fd. */
  remove(fd: number): void {
    const id = this.#ids.get(fd);
    if (id === undefined) return;
    this.#ids.delete(fd);
    this.#values.delete(id);
  }

  /** Forgets everything. */
  clear(): void {
    this.#ids.clear();
    this.#values.clear();
  }

  /** How many descriptors have one. */
  get bound(): number {
    return this.#ids.size;
  }

  /** How many values there are. */
  get size(): number {
    return this.#values.size;
  }
}
