/**
 * The share handle: data that several easy handles use in common.
 *
 * @module
 */

import { shareCodes } from "../../ffi/curl/codes.ts";
import { easyOptions, shareOptions } from "../../ffi/curl/options.ts";
import { library, type NonNullPointer, type Pointer } from "../../ffi/mod.ts";
import { CurlShareError } from "../errors.ts";
import { show } from "./base/arguments.ts";
import { CollectedHandles } from "./base/collected_handles.ts";
import { unknownName } from "./base/unknown_name.ts";
import type { CloseHook } from "./core/close_hook.ts";
import { type HandleSide, registerHandle } from "./core/handle_registry.ts";
import type { EasyState } from "./core/easy_state.ts";
import type { ShareOptionTypes } from "./core/share_option_types.ts";
import { SharedData } from "./core/shared_data.ts";

const { CURLSHE_BAD_OPTION, CURLSHE_INVALID, CURLSHE_NOMEM } = shareCodes;

/** How many share handles are open on this thread. */
export const shareCount: { open: number } = { open: 0 };

/** The part of a share handle that must be freed. */
class ShareResources {
  /** `CURLSH *`, NULL once freed. */
  pointer: Pointer;
  /** The CLOSESOCKETFUNCTIONs of connections that may be in the shared cache. */
  readonly hooks = new Set<CloseHook>();
  /** Whether the handle may be collected without a warning: its owner has no `close()`. */
  forgettable = false;

  constructor(pointer: NonNullPointer) {
    this.pointer = pointer;
    shareCount.open++;
  }

  /** Frees the handle, which fails while an easy handle uses it. Returns libcurl's code. */
  free(): number {
    const { pointer } = this;
    this.pointer = null; // before the call, so that its callbacks find the handle closed
    const code = library().symbols.curl_share_cleanup(pointer);
    if (code !== 0) {
      this.pointer = pointer;
      return code;
    }
    for (const hook of this.hooks) hook.release();
    this.hooks.clear();
    shareCount.open--;
    return code;
  }
}

const unclosed = new CollectedHandles<ShareResources>(
  "a Share",
  (resources) => {
    if (resources.free() !== 0) return false; // an easy that uses the share is not collected yet
    return resources.forgettable ? undefined : true;
  },
);

/** Lets a share handle be collected without `close()` and without a warning. */
export let letForget: (share: Share) => void;

/** Whether a callback of a handle that uses the share is on the stack. */
export let isInCallback: (share: Share) => boolean;

/**
 * A share handle, by which several easy handles share cookies, names, TLS sessions or connections:
 * {@link https://curl.se/libcurl/c/libcurl-share.html}. Only for handles of one thread.
 *
 * @example
 * ```ts
 * import { constants, Easy, Share } from "curlew";
 *
 * using share = new Share();
 * share.setOpt("SHARE", constants.CURL_LOCK_DATA_COOKIE);
 * using easy = new Easy();
 * easy.setOpt("SHARE", share);
 * ```
 */
export class Share {
  readonly #resources: ShareResources;
  readonly #kinds = new Set<number>();
  readonly #data = new SharedData();

  static {
    registerHandle(
      [easyOptions.SHARE.id],
      (value) => #resources in value ? (value as Share).#side() : undefined,
    );
    letForget = (share) => share.#resources.forgettable = true;
    isInCallback = (share) => share.#data.depth > 0;
  }

  /** Makes a handle: `curl_share_init`. */
  constructor() {
    const pointer = library().symbols.curl_share_init();
    if (pointer === null) throw new CurlShareError(CURLSHE_NOMEM.code);
    this.#resources = new ShareResources(pointer);
    unclosed.add(this, this.#resources);
  }

  /** Whether the handle is closed. */
  get closed(): boolean {
    return this.#resources.pointer === null;
  }

  /**
   * Shares (`"SHARE"`) or no longer shares (`"UNSHARE"`) a kind of data, a
   * `CURL_LOCK_DATA_*`: {@link https://curl.se/libcurl/c/curl_share_setopt.html}.
   *
   * @throws {CurlShareError} CURLSHE_IN_USE while an easy handle uses the share,
   * CURLSHE_BAD_OPTION for an unknown option or kind of data.
   */
  setOpt<N extends keyof ShareOptionTypes>(option: N, data: ShareOptionTypes[N]): void {
    const { pointer } = this.#resources;
    if (pointer === null) throw new CurlShareError(CURLSHE_INVALID.code);
    if (option !== "SHARE" && option !== "UNSHARE") {
      const message = unknownName("option", option, ["SHARE", "UNSHARE"]);
      throw new CurlShareError(CURLSHE_BAD_OPTION.code, message);
    }
    if (!Number.isInteger(data)) {
      const message = `Cannot set ${option}: expected a CURL_LOCK_DATA_*, got ${show(data)}`;
      throw new CurlShareError(CURLSHE_BAD_OPTION.code, message);
    }
    const { curl_share_setopt } = library().symbols;
    check(curl_share_setopt.long(pointer, shareOptions[option].id, data | 0));
    if (option === "SHARE") this.#kinds.add(data | 0);
    else this.#kinds.delete(data | 0);
  }

  /**
   * Frees the handle. Does nothing the second time.
   *
   * @throws {CurlShareError} CURLSHE_IN_USE while an easy handle uses the share.
   */
  close(): void {
    if (this.#resources.pointer === null) return; // not `closed`, which may be overridden
    check(this.#resources.free());
    unclosed.delete(this);
  }

  /** Closes the handle at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }

  #side(): HandleSide {
    return {
      pointer: this.#resources.pointer,
      data: this.#data,
      onUse: (state) => this.#keepHook(state),
      shares: (data) => this.#kinds.has(data),
    };
  }

  /** Adds a reference to the CLOSESOCKETFUNCTION of connections that may be in the shared cache. */
  #keepHook(state: EasyState): void {
    const hook = state.closeHook, { hooks } = this.#resources;
    if (hook && !hooks.has(hook)) hooks.add(hook.retain());
  }
}

function check(code: number): void {
  if (code !== 0) throw new CurlShareError(code);
}
