/**
 * CLOSESOCKETFUNCTION may outlive its easy handle: libcurl copies it to the connection, and calls
 * it when the connection leaves its cache. So it has a token of its own, with a reference count:
 * the easy, and each multi or share whose cache may hold such a connection, owns one reference.
 *
 * @module
 */

import { libc } from "../../../ffi/libc.ts";
import { type AnyFunction, toStatus } from "../base/callback_results.ts";
import { TokenTable } from "../base/tokens.ts";

/**
 * How many CLOSESOCKETFUNCTIONs are on the stack. The function belongs to a connection and not to a
 * handle, so while it runs every handle of this thread counts as inside a callback.
 */
export const closing: { depth: number } = { depth: 0 };

/** Observes the sockets that libcurl opens and closes for easy handles. */
export interface SocketWatcher {
  /** Called for a new socket. What was known of an earlier socket with that number is invalid. */
  opened(fd: number): void;
  /** Called before a socket is closed. */
  closing(fd: number): void;
}

const closeTokens = new TokenTable<CloseHook>();

/** The CLOSESOCKETFUNCTION of the connections of an easy handle. */
export class CloseHook {
  readonly token: number = closeTokens.take();
  readonly watcher: SocketWatcher | null;
  /** A transfer has run with this hook, so a connection may have a copy of it. */
  used = false;
  readonly #fn: AnyFunction | null;
  readonly #data: unknown;
  readonly #onThrow: (error: unknown) => void;
  #owners = 0;

  /** Calls first the watcher, then the user's function, whose exceptions go to `onThrow`. */
  constructor(
    watcher: SocketWatcher | null,
    fn: AnyFunction | null = null,
    data: unknown = undefined,
    onThrow: (error: unknown) => void = () => {},
  ) {
    this.watcher = watcher;
    this.#fn = fn;
    this.#data = data;
    this.#onThrow = onThrow;
  }

  /** Adds one to the reference count. */
  retain(): this {
    if (this.#owners++ === 0) closeTokens.root(this.token, this);
    return this;
  }

  /** Subtracts one from the reference count; at 0 the token is freed. */
  release(): void {
    if (--this.#owners === 0) closeTokens.release(this.token);
  }

  /** Closes a socket. Returns the status for libcurl, which is not 0 where that failed. */
  close(fd: number): number {
    this.watcher?.closing(fd);
    closing.depth++;
    try {
      const result = this.#fn?.(this.#data, fd);
      if (result !== undefined) return toStatus(result, "CLOSESOCKETFUNCTION");
    } catch (error) {
      this.#onThrow(error);
      libc.close(fd);
      return 1;
    } finally {
      closing.depth--;
    }
    return libc.close(fd) === 0 ? 0 : 1;
  }
}

/** The native CLOSESOCKETFUNCTION. It closes the socket of an invalid token too. */
export function onCloseSocket(token: number, fd: number): number {
  const hook = closeTokens.get(token);
  return hook ? hook.close(fd) : libc.close(fd);
}

/** How many hooks are alive on this thread. */
export function closeHookCount(): number {
  return closeTokens.size;
}
