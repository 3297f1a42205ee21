/**
 * The internals of a `Multi`: its C handle, the easy handles in it, its callbacks, and the values
 * of `assign`.
 *
 * @module
 */

import { library, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { CurlMultiError, MultiCode } from "../../errors.ts";
import { Fifo } from "../../fifo.ts";
import { isInstance } from "../../untrusted.ts";
import type { AnyFunction } from "../base/callback_results.ts";
import { CloseHook, closing, type SocketWatcher } from "../core/close_hook.ts";
import type { EasyHost, EasyState, TransferObserver } from "../core/easy_state.ts";
import type { SharedData } from "../core/shared_data.ts";
import type { TransferRun } from "../core/transfer_run.ts";
import { AssignedValues } from "./assigned_values.ts";
import { TombstoneMap } from "../base/tombstone_map.ts";
import { TokenTable } from "../base/tokens.ts";

/**
 * The multi handles by token: callbacks find their multi here. The references are weak, since a
 * callback runs only inside a call on the multi or on an easy handle in it, which keeps the multi
 * alive. The reference to a driver's multi is strong, because dereferencing a weak one is slow: a
 * driver always closes its multi.
 */
const multiTokens: TokenTable<MultiState | WeakRef<MultiState>> = new TokenTable();

/** The multi of a token; `undefined` for an invalid token. */
export function multiOf(token: number): MultiState | undefined {
  const found = multiTokens.get(token);
  return isInstance(found, WeakRef) ? found.deref() : found as MultiState | undefined;
}

/** The end of a transfer. */
export interface EndMessage {
  /** The address of the easy handle. */
  readonly easy: number;
  /** The `CURLcode`. */
  readonly result: number;
  /** The transfer: its handle may have been removed, and added again. */
  readonly run: TransferRun | undefined;
}

/** How many multi handles are open on this thread. */
export const multiCount: { open: number } = { open: 0 };

/**
 * The driver of a multi. It gets each socket callback before the user's function. It has no timer
 * callback: it calls `Multi.timeout` before it waits and after calls of the user, which is cheaper.
 */
export interface MultiObserver extends SocketWatcher, TransferObserver {
  /**
   * Called for each socket callback of libcurl. `what` is a `CURL_POLL_*`; `easy` is the `CURL *`,
   * which may be a handle internal to libcurl.
   */
  socket(fd: number, what: number, easy: Pointer): void;
  /** Called after an easy handle was removed. */
  removed(easy: EasyState): void;
}

/** The part of a multi handle that must be freed. It never refers to the state. */
export class MultiResources {
  /** `CURLM *`, NULL once closed. */
  pointer: Pointer;
  readonly token: number = multiTokens.take();
  /** The CLOSESOCKETFUNCTIONs of connections that may be in the cache. */
  readonly closeHooks: Set<CloseHook> = new Set();

  /** Takes ownership of a `CURLM *`. */
  constructor(pointer: Pointer) {
    this.pointer = pointer;
    multiCount.open++;
  }

  /** Frees the handle, which must be empty, and then the tokens of its callbacks. */
  free(): number {
    const code = library().symbols.curl_multi_cleanup(this.pointer);
    this.pointer = null;
    multiTokens.release(this.token);
    for (const hook of this.closeHooks) hook.release();
    this.closeHooks.clear();
    multiCount.open--;
    return code;
  }
}

/** The state of a multi handle. */
export class MultiState implements EasyHost {
  readonly resources: MultiResources;
  /** The easy handles in it, by address. */
  readonly easies: TombstoneMap<EasyState> = new TombstoneMap();
  /** How many of the easy handles in it use the data of each Share. */
  readonly #shared = new Map<SharedData, number>();
  /** The values of `assign`, by fd. */
  readonly assigned: AssignedValues = new AssignedValues();
  /** The callbacks, by option number. */
  readonly functions: Map<number, AnyFunction> = new Map();
  /** The values of the `*DATA` options, by option number. */
  readonly data: Map<number, unknown> = new Map();
  /** The driver, `null` where the user drives the multi. */
  observer: MultiObserver | null = null;
  /** The CLOSESOCKETFUNCTION of the driver's transfers, where the user has set none. */
  observerHook: CloseHook | null = null;
  /** Whether a handle is being added: libcurl does not get the failure of a callback meanwhile. */
  adding = false;
  /** A socket or timer callback has returned -1 while a handle was added. */
  addFailed = false;
  /** Whether a socket or timer callback has returned -1: `abort_all.ts`. */
  abortPending = false;
  /** A socket or timer callback has returned -1 in the call in progress. */
  #abortedInCall = false;
  /**
   * The ends of transfers, from libcurl or from curlew, that `infoRead()` returns next. That of a
   * removed handle does not count.
   */
  readonly messages: Fifo<EndMessage> = new Fifo();
  /** How many callbacks of the multi and of its easy handles are on the stack. */
  depth = 0;

  /** The public object. */
  readonly multi: object;
  #thrown: { readonly value: unknown } | null = null;

  /** Makes the state of `multi`. */
  constructor(multi: object, resources: MultiResources) {
    this.multi = multi;
    this.resources = resources;
    multiTokens.root(resources.token, new WeakRef(this));
  }

  /** The `CURLM *`. Throws CURLM_BAD_HANDLE where it is closed. */
  get pointer(): NonNullPointer {
    const { pointer } = this.resources;
    if (pointer === null) {
      throw new CurlMultiError(
        MultiCode.BAD_HANDLE,
        "Cannot use the multi handle: it is closed",
      );
    }
    return pointer;
  }

  /** Sets the driver, which from now on gets the callbacks before the user's functions. */
  observe(observer: MultiObserver): void {
    this.observer = observer;
    this.observerHook = new CloseHook(observer);
    this.keepHook(this.observerHook);
    multiTokens.root(this.resources.token, this);
  }

  /**
   * Adds a reference to a hook that is held as long as the connection cache of this multi exists.
   */
  keepHook(hook: CloseHook): void {
    const { closeHooks } = this.resources;
    if (!closeHooks.has(hook)) closeHooks.add(hook.retain());
  }

  /** Removes an easy handle, whether its transfer is finished or not. */
  remove(removed: EasyState): void {
    const { pointer } = this;
    this.refuseInCallback("remove a handle");
    // libcurl's versions differ in the code for a handle that was removed before
    const isGone = removed.multi === this && removed.run.alreadyDetached;
    const { curl_multi_remove_handle } = library().symbols;
    const code = isGone ? MultiCode.OK : curl_multi_remove_handle(pointer, removed.pointer);
    // a timer callback fails at the end of the call, where the handle is already removed
    const isOut = code === MultiCode.OK || code === MultiCode.ABORTED_BY_CALLBACK;
    if (isOut && removed.multi === this) this.afterRemove(removed);
    this.ignoreAbort();
    this.finish(code);
  }

  /** Updates the state after an easy handle was removed from libcurl's multi. */
  afterRemove(removed: EasyState): void {
    if (this.easies.delete(removed.resources.address)) this.#dropShared(removed);
    this.#dropMessages();
    removed.multi = null;
    this.observer?.removed(removed);
    removed.unpin();
  }

  /** Takes the next of `messages`. */
  takeMessage(): EndMessage | undefined {
    if (this.messages.length === 0) return undefined;
    this.#dropMessages();
    return this.messages.shift();
  }

  /**
   * Drops the first messages, as long as they are of removed handles. A search for the message of
   * each removed handle would be quadratic.
   */
  #dropMessages(): void {
    const { messages, easies } = this;
    for (let next = messages.first; next; next = messages.first) {
      if (easies.get(next.easy)?.run === next.run) return;
      messages.shift();
    }
  }

  /**
   * Whether a callback of the multi, of an easy handle in it, or of a handle with the same Share is
   * on the stack.
   */
  get inCallback(): boolean {
    if (this.depth > 0 || closing.depth > 0) return true;
    for (const { depth } of this.#shared.keys()) if (depth > 0) return true;
    return false;
  }

  /** Records that a callback begins. The Shares of the multi's handles are in use until it ends. */
  enterCallback(): void {
    this.depth++;
    for (const shared of this.#shared.keys()) shared.depth++;
  }

  /** Records that the callback ends. Only pushed handles were added meanwhile, and none removed. */
  leaveCallback(): void {
    this.depth--;
    for (const shared of this.#shared.keys()) shared.depth--;
  }

  /** Updates the state after an easy handle was added to libcurl's multi. */
  afterAdd(added: EasyState): void {
    this.easies.set(added.resources.address, added);
    const { sharedData } = added;
    if (sharedData) this.#shared.set(sharedData, (this.#shared.get(sharedData) ?? 0) + 1);
  }

  #dropShared({ sharedData }: EasyState): void {
    if (!sharedData) return;
    const left = (this.#shared.get(sharedData) ?? 1) - 1;
    if (left > 0) this.#shared.set(sharedData, left);
    else this.#shared.delete(sharedData);
  }

  /** Throws CURLM_RECURSIVE_API_CALL inside a callback: see {@linkcode inCallback}. */
  refuseInCallback(call: string): void {
    if (this.inCallback) {
      throw new CurlMultiError(
        MultiCode.RECURSIVE_API_CALL,
        `Cannot ${call}: called from a callback`,
      );
    }
  }

  /** Records that a callback has returned -1. Returns the 0 that libcurl gets in its place. */
  failAll(): 0 {
    this.abortPending = this.#abortedInCall = true;
    return 0;
  }

  /** Records what a callback threw, for the call in progress. Only the first exception counts. */
  recordThrown(value: unknown): void {
    this.#thrown ??= { value };
  }

  /**
   * Throws the error of a finished call: what a callback threw, or the error of libcurl's code. A
   * call made inside a callback leaves what callbacks threw to the call further down the stack.
   */
  finish(code: number): void {
    const failed = this.takeFailure();
    if (failed?.thrown) {
      const message = "A callback of the multi handle failed";
      throw new CurlMultiError(code || MultiCode.ABORTED_BY_CALLBACK, message, {
        cause: failed.thrown.value,
      });
    }
    if (code !== MultiCode.OK) throw new CurlMultiError(code);
    if (failed?.aborted) throw new CurlMultiError(MultiCode.ABORTED_BY_CALLBACK);
  }

  /** Clears a -1 of the call in progress, where the call removes a handle or closes the multi. */
  ignoreAbort(): void {
    if (!this.inCallback) this.#abortedInCall = false;
  }

  /**
   * Takes the failure of the multi's callbacks: one threw or returned -1. `null` where there is
   * none, or where it belongs to a call further down the stack.
   */
  takeFailure(): { readonly thrown: { readonly value: unknown } | null; aborted: boolean } | null {
    if (this.inCallback || (!this.#abortedInCall && this.#thrown === null)) return null;
    const failure = { thrown: this.#thrown, aborted: this.#abortedInCall };
    this.#thrown = null;
    this.#abortedInCall = false;
    return failure;
  }
}
