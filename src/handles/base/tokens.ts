/**
 * Tokens: small integers that stand for JS objects in libcurl's `void *` slots. libcurl never gets
 * the address of a JS object, and a callback with an invalid token finds nothing.
 *
 * The folder `base/` knows the values that users pass, C memory with its owners, and native
 * callbacks. It does not know any handle of libcurl.
 *
 * @module
 */

/** A table of objects by token. A token is used again only after four billion others. */
export class TokenTable<T> {
  /**
   * An entry for each token that is taken; `null` while it has no object. The entry stays then, for
   * the reason that `tombstone_map.ts` gives.
   */
  readonly #objects = new Map<number, T | null>();
  #last = 0;

  /** Takes a token, which has no object yet. */
  take(): number {
    do this.#last = (this.#last + 1) >>> 0; while (
      this.#last === 0 || this.#objects.has(this.#last)
    );
    this.#objects.set(this.#last, null);
    return this.#last;
  }

  /** Assigns an object to a token. The table keeps the object alive. */
  root(token: number, object: T): void {
    this.#objects.set(token, object);
  }

  /** Removes the object of a token, which stays taken. */
  unroot(token: number): void {
    if (this.#objects.get(token)) this.#objects.set(token, null);
  }

  /** Frees a token. */
  release(token: number): void {
    this.#objects.delete(token);
  }

  /** The object of a token; `undefined` where it has none or is not taken. */
  get(token: number): T | undefined {
    return this.#objects.get(token) ?? undefined;
  }

  /** How many tokens are taken. */
  get size(): number {
    return this.#objects.size;
  }
}
