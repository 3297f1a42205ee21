/**
 * The share handle: what several easies have in common.
 *
 * @module
 */

import { easyOptions, shareOptions } from "../../ffi/curl/options.ts";
import { library, type NonNullPointer, type Pointer } from "../../ffi/mod.ts";
import { CurlShareError } from "../errors.ts";
import { CollectedHandles } from "./base/collected_handles.ts";
import type { CloseHook } from "./core/close_hook.ts";
import { type HandleSide, registerHandle } from "./core/handle_registry.ts";
import type { EasyState } from "./core/easy_state.ts";
import { SharedData } from "./core/shared_data.ts";

const BAD_OPTION = 1, INVALID = 3, NOMEM = 4;

/** How many share handles are open on this thread. */
export const shareCount: { open: number } = { open: 0 };

/** The C side of a share. */
class ShareResources {
  /** `CURLSH *`, NULL once freed. */
  pointer: Pointer;
  /** What connections that may stay in the shared cache call when they are closed. */
  readonly hooks = new Set<CloseHook>();

  constructor(pointer: NonNullPointer) {
    this.pointer = pointer;
    shareCount.open++;
  }

  /** Frees it, unless an easy uses it; gives libcurl's code. */
  free(): number {
    const { pointer } = this;
    this.pointer = null; // first: callbacks that it still makes find it closed
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
  (resources) => resources.free() === 0, /* an easy that uses it is collected later */
);

/**
 * Cookies, names, TLS sessions or connections that several easies share: {@link
 * https://curl.se/libcurl/c/libcurl-share.html}. Only for handles of one thread.
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
  }

  /** Makes a handle: `curl_share_init`. */
  constructor() {
    const pointer = library().symbols.curl_share_init();
    if (pointer === null) throw new CurlShareError(NOMEM);
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
   * @throws {CurlShareError} CURLSHE_IN_USE while an easy uses it, CURLSHE_BAD_OPTION for an
   * unknown option or kind of data.
   */
  setOpt(option: "SHARE" | "UNSHARE", data: number): void {
    const { pointer } = this.#resources;
    if (pointer === null) throw new CurlShareError(INVALID);
    if ((option !== "SHARE" && option !== "UNSHARE") || !Number.isInteger(data)) {
      throw new CurlShareError(BAD_OPTION);
    }
    const { curl_share_setopt } = library().symbols;
    check(curl_share_setopt.long(pointer, shareOptions[option].id, data | 0));
    if (option === "SHARE") this.#kinds.add(data | 0);
    else this.#kinds.delete(data | 0);
  }

  /**
   * Frees the handle. Does nothing the second time.
   *
   * @throws {CurlShareError} CURLSHE_IN_USE while an easy uses it.
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
      used: (state) => this.#keepHook(state),
      shares: (data) => this.#kinds.has(data),
    };
  }

  /** Connections that may stay in the shared cache call their hook when they are closed. */
  #keepHook(state: EasyState): void {
    const hook = state.closeHook, { hooks } = this.#resources;
    if (hook && !hooks.has(hook)) hooks.add(hook.retain());
  }
}

function check(code: number): void {
  if (code !== 0) throw new CurlShareError(code);
}
