/**
 * Tokens: the small integers that stand for JS objects in libcurl's `void *` slots. Libcurl never
 * holds the address of a JS object, and a token that nobody knows any more is tolerated.
 *
 * @module
 */

/** Objects by token. A token is not used again before four billion others were. */
export class TokenTable<T> {
  readonly #objects = new Map<number, T>();
  readonly #reserved = new Set<number>();
  #last = 0;

  /** Takes a token, without an object yet. */
  take(): number {
    do this.#last = (this.#last + 1) >>> 0; while (
      this.#last === 0 || this.#reserved.has(this.#last)
    );
    this.#reserved.add(this.#last);
    return this.#last;
  }

  /** Makes the token lead to the object, which is kept alive. */
  root(token: number, object: T): void {
    this.#objects.set(token, object);
  }

  /** Lets the object go; the token stays taken. */
  unroot(token: number): void {
    this.#objects.delete(token);
  }

  /** Gives the token up. */
  release(token: number): void {
    this.#objects.delete(token);
    this.#reserved.delete(token);
  }

  /** The object of that token, if it is rooted. */
  get(token: number): T | undefined {
    return this.#objects.get(token);
  }

  /** How many tokens are taken. */
  get size(): number {
    return this.#reserved.size;
  }
}
