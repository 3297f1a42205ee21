/**
 * Tokens: the small integers that stand for JS objects in libcurl's `void *` slots. Libcurl never
 * holds the address of a JS object, and a token that nobody knows any more is tolerated.
 *
 * @module
 */

/** Objects by token. A token is not used again before four billion others were. */
export class TokenTable<T> {
  /** By token that is taken; `null` while it leads nowhere, so that the entry stays. */
  readonly #objects = new Map<number, T | null>();
  #last = 0;

  /** Takes a token, without an object yet. */
  take(): number {
    do this.#last = (this.#last + 1) >>> 0; while (
      this.#last === 0 || this.#objects.has(this.#last)
    );
    this.#objects.set(this.#last, null);
    return this.#last;
  }

  /** Makes the token lead to the object, which is kept alive. */
  root(token: number, object: T): void {
    this.#objects.set(token, object);
  }

  /** Lets the object go; the token stays taken. */
  unroot(token: number): void {
    if (this.#objects.get(token)) this.#objects.set(token, null);
  }

  /** Gives the token up. */
  release(token: number): void {
    this.#objects.delete(token);
  }

  /** The object of that token, if it is rooted. */
  get(token: number): T | undefined {
    return this.#objects.get(token) ?? undefined;
  }

  /** How many tokens are taken. */
  get size(): number {
    return this.#objects.size;
  }
}
