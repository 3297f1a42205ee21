/**
 * What stands behind a `Multi`: its C handle, the easies in it, its callbacks and its fd table.
 *
 * @module
 */

import { library, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { CurlMultiError, MultiCode } from "../../errors.ts";
import type { AnyFunction } from "../base/callback_results.ts";
import { CloseHook, closing, type SocketWatcher } from "../core/close_hook.ts";
import type { EasyHost, EasyState, TransferObserver } from "../core/easy_state.ts";
import type { SharedData } from "../core/shared_data.ts";
import { FdTable } from "./assigned_values.ts";
import { TombstoneMap } from "../base/tombstone_map.ts";
import { TokenTable } from "../base/tokens.ts";

/**
 * The multis that a callback may be for, by token. Weak, since a callback only comes while a call
 * on the multi or on an easy in it is on the stack, which holds it. Not those of a driver, which
 * has to close them: a weak reference is slow to follow.
 */
const multiTokens: TokenTable<MultiState | WeakRef<MultiState>> = new TokenTable();

/** The multi with that token. */
export function multiOf(token: number): MultiState | undefined {
  const found = multiTokens.get(token);
  return found instanceof WeakRef ? found.deref() : found;
}

/** How many multi handles are open on this thread. */
export const multiCount: { open: number } = { open: 0 };

/**
 * The driver of a multi: it sees each socket callback before anyone else. It asks for the timeout
 * itself, before it rests and after a call that is not its own: that is cheaper than a callback.
 */
export interface MultiObserver extends SocketWatcher, TransferObserver {
  /** `what` is a `CURL_POLL_*`, `easy` the `CURL *`, which may be one internal to libcurl. */
  socket(fd: number, what: number, easy: Pointer): void;
  /** A handle was taken out. */
  removed(easy: EasyState): void;
}

/** What must be freed of a multi handle; it never refers to the rest. */
export class MultiResources {
  /** `CURLM *`, NULL once closed. */
  pointer: Pointer;
  readonly token: number = multiTokens.take();
  /** Hooks of connections that may be in the cache. */
  readonly closeHooks: Set<CloseHook> = new Set();

  /** Takes charge of a `CURLM *`. */
  constructor(pointer: Pointer) {
    this.pointer = pointer;
    multiCount.open++;
  }

  /** Frees the handle, whose easies are out, and then what its callbacks need. */
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

/** The inside of a multi handle. */
export class MultiState implements EasyHost {
  readonly resources: MultiResources;
  /** The easies in it, by address. */
  readonly easies: TombstoneMap<EasyState> = new TombstoneMap();
  /** How many of the easies in it use the data of a Share. */
  readonly #shared = new Map<SharedData, number>();
  /** The values given to `assign`, by fd. */
  readonly table: FdTable = new FdTable();
  /** The callbacks, by option number. */
  readonly functions: Map<number, AnyFunction> = new Map();
  /** The values of the `*DATA` options, by option number. */
  readonly data: Map<number, unknown> = new Map();
  observer: MultiObserver | null = null;
  /** What sockets of the observer's transfers are closed by. */
  observerHook: CloseHook | null = null;
  /** A handle is being added: a socket or timer callback that fails now is not told to libcurl. */
  adding = false;
  /** One failed so. */
  addFailed = false;
  /** A socket or timer callback has returned -1: see {@linkcode endDead}. */
  dead = false;
  /** It did so in the call in progress. */
  #aborted = false;
  /** What was taken from libcurl, or made for it, and is still to be told by infoRead(). */
  readonly messages: { readonly easy: number; readonly result: number }[] = [];
  /** How many callbacks of it, or of an easy in it, are on the stack. */
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

  /** Lets a driver see the callbacks before the user. */
  observe(observer: MultiObserver): void {
    this.observer = observer;
    this.observerHook = new CloseHook(observer);
    this.keepHook(this.observerHook);
    multiTokens.root(this.resources.token, this);
  }

  /** Keeps a hook until the cache of this multi is gone. */
  keepHook(hook: CloseHook): void {
    const { closeHooks } = this.resources;
    if (!closeHooks.has(hook)) closeHooks.add(hook.retain());
  }

  /** Takes an easy out, whether its transfer is finished or not. */
  remove(removed: EasyState): void {
    const { pointer } = this;
    this.refuseInCallback("remove a handle");
    // of one that it has let go of libcurl thinks differently in each version
    const isGone = removed.multi === this && removed.run.alreadyDetached;
    const { curl_multi_remove_handle } = library().symbols;
    const code = isGone ? MultiCode.OK : curl_multi_remove_handle(pointer, removed.pointer);
    // a timer callback that fails does so at the end: the handle is out all the same
    const isOut = code === MultiCode.OK || code === MultiCode.ABORTED_BY_CALLBACK;
    if (isOut && removed.multi === this) this.forget(removed);
    this.ignoreAbort();
    this.finish(code);
  }

  /** An easy is out. */
  forget(removed: EasyState): void {
    forgetEnd(this, removed);
    if (this.easies.delete(removed.resources.address)) this.#dropShared(removed);
    removed.multi = null;
    this.observer?.removed(removed);
    removed.unpin();
  }

  /** A callback of the multi, of an easy in it, or of one with the same Share is on the stack. */
  get inCallback(): boolean {
    if (this.depth > 0 || closing.depth > 0) return true;
    for (const { depth } of this.#shared.keys()) if (depth > 0) return true;
    return false;
  }

  /** A callback of the multi begins: what its easies share is in use until it ends. */
  enter(): void {
    this.depth++;
    for (const shared of this.#shared.keys()) shared.depth++;
  }

  /** The callback ends. No easy comes or goes meanwhile but one that is pushed. */
  leave(): void {
    this.depth--;
    for (const shared of this.#shared.keys()) shared.depth--;
  }

  /** An easy is in. */
  keep(added: EasyState): void {
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

  /** Throws CURLM_RECURSIVE_API_CALL inside a callback of this multi or of an easy in it. */
  refuseInCallback(call: string): void {
    if (this.inCallback) {
      throw new CurlMultiError(
        MultiCode.RECURSIVE_API_CALL,
        `Cannot ${call}: called from a callback`,
      );
    }
  }

  /** A callback returns -1, of which libcurl hears nothing: 0 is for it. */
  failAll(): 0 {
    this.dead = this.#aborted = true;
    return 0;
  }

  /** Keeps what a callback threw for the call in progress; the first counts. */
  threw(value: unknown): void {
    this.#thrown ??= { value };
  }

  /**
   * Throws the error of a finished call: what a callback threw, or libcurl's own. A call made
   * inside a callback leaves what others threw to the call in progress.
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

  /** A -1 does not stop what the multi does at the end of a transfer. */
  ignoreAbort(): void {
    if (!this.inCallback) this.#aborted = false;
  }

  /** What its callbacks threw, or that one returned -1, unless that is for a call on the stack. */
  takeFailure(): { readonly thrown: { readonly value: unknown } | null; aborted: boolean } | null {
    if (this.inCallback || (!this.#aborted && this.#thrown === null)) return null;
    const failure = { thrown: this.#thrown, aborted: this.#aborted };
    this.#thrown = null;
    this.#aborted = false;
    return failure;
  }
}

/** Forgets what became of an easy that is taken out. */
function forgetEnd({ messages }: MultiState, removed: EasyState): void {
  if (!removed.run.endReported) return;
  const { address } = removed.resources;
  const at = messages.findIndex(({ easy }) => easy === address);
  if (at >= 0) messages.splice(at, 1);
}
