/**
 * The values of `Multi.assign`, in two tables: fd → id → value. libcurl keeps the id as its
 * `sockptr`, and never gets the value. Ids are small integers, never 0.
 *
 * @module
 */

/** The values of `Multi.assign`, by fd. */
export class AssignedValues {
  readonly #ids = new Map<number, number>();
  readonly #values = new Map<number, unknown>();
  #last = 0;

  /** Takes an id for a value. The caller binds the id to an fd once libcurl has accepted it. */
  reserve(value: unknown): number {
    // an id is used again after four billion others
    this.#last = this.#last >= 0xffffffff ? 1 : this.#last + 1;
    this.#values.set(this.#last, value);
    return this.#last;
  }

  /** Binds an id to an fd, and deletes the value that the fd had before. */
  bind(fd: number, id: number): void {
    this.remove(fd);
    this.#ids.set(fd, id);
  }

  /** Deletes an id that was not bound. */
  cancel(id: number): void {
    this.#values.delete(id);
  }

  /** The value of the id in libcurl's `sockptr`; `undefined` for 0 and for a deleted id. */
  value(id: number): unknown {
    return this.#values.get(id);
  }

  /** Deletes the value of an fd. */
  remove(fd: number): void {
    const id = this.#ids.get(fd);
    if (id === undefined) return;
    this.#ids.delete(fd);
    this.#values.delete(id);
  }

  /** Deletes all values. */
  clear(): void {
    this.#ids.clear();
    this.#values.clear();
  }

  /** How many descriptors have a value. */
  get bound(): number {
    return this.#ids.size;
  }

  /** How many values there are. */
  get size(): number {
    return this.#values.size;
  }
}
