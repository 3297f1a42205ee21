/**
 * CLOSESOCKETFUNCTION outlives its easy: libcurl copies it to the connection and calls it when
 * the cache that holds the connection lets it go. So it has a token of its own, which each
 * owner of such a cache keeps.
 *
 * @module
 */

import { libc } from "../../../ffi/libc.ts";
import { type AnyFunction, toStatus } from "../base/callback_results.ts";
import { TokenTable } from "../base/tokens.ts";

/**
 * How many CLOSESOCKETFUNCTIONs are on the stack. One belongs to a connection and not to a handle, so
 * no handle knows of it: while it runs, all of this thread's count as inside a callback.
 */
export const closing: { depth: number } = { depth: 0 };

/** Told of the sockets that libcurl opens and closes for an easy. */
export interface SocketWatcher {
  /** A new socket with that number: whatever was known of the number is void. */
  opened(fd: number): void;
  /** The number is about to be closed. */
  closing(fd: number): void;
}

const closeTokens = new TokenTable<CloseHook>();

/** What is to happen when a socket of some easy is closed. */
export class CloseHook {
  readonly token: number = closeTokens.take();
  readonly watcher: SocketWatcher | null;
  /** Whether a transfer ran with it, so that a connection may have it. */
  used = false;
  readonly #fn: AnyFunction | null;
  readonly #data: unknown;
  readonly #threw: (error: unknown) => void;
  #owners = 0;

  /** Tells the watcher, then calls the user's function, whose exceptions go to `threw`. */
  constructor(
    watcher: SocketWatcher | null,
    fn: AnyFunction | null = null,
    data: unknown = undefined,
    threw: (error: unknown) => void = () => {},
  ) {
    this.watcher = watcher;
    this.#fn = fn;
    this.#data = data;
    this.#threw = threw;
  }

  /** One owner more: an easy, or a multi or share that its connections may stay in. */
  retain(): this {
    if (this.#owners++ === 0) closeTokens.root(this.token, this);
    return this;
  }

  /** One owner less. */
  release(): void {
    if (--this.#owners === 0) closeTokens.release(this.token);
  }

  /** Closes the socket. */
  close(fd: number): number {
    this.watcher?.closing(fd);
    closing.depth++;
    try {
      const result = this.#fn?.(this.#data, fd);
      if (result !== undefined) return toStatus(result, "CLOSESOCKETFUNCTION");
    } catch (error) {
      this.#threw(error);
      libc.close(fd);
      return 1;
    } finally {
      closing.depth--;
    }
    return libc.close(fd) === 0 ? 0 : 1;
  }
}

/** The native CLOSESOCKETFUNCTION: an unknown token still closes the socket. */
export function onCloseSocket(token: number, fd: number): number {
  const hook = closeTokens.get(token);
  return hook ? hook.close(fd) : libc.close(fd);
}

/** How many hooks are alive on this thread. */
export function closeHookCount(): number {
  return closeTokens.size;
}
