/**
 * HTTP/2 server push: {@link https://curl.se/libcurl/c/CURLMOPT_PUSHFUNCTION.html}.
 *
 * @module
 */

import { cString } from "../../../ffi/memory.ts";
import { library, native, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { adopt, closeJsSide, type Easy, stateOf } from "../easy/easy.ts";
import type { EasyState } from "../core/easy_state.ts";
import { dropMime } from "../mime/copy.ts";
import type { MultiState } from "./state.ts";

/** The headers of a pushed request. They can be read during the callback only. */
export class PushHeaders {
  #pointer: Pointer;

  /** Wraps a `struct curl_pushheaders *`. */
  constructor(pointer: Pointer) {
    this.#pointer = pointer;
  }

  /** The header with that index, as `name:value`; `null` where there is none. */
  byNumber(index: number): string | null {
    if (this.#pointer === null || !Number.isInteger(index) || index < 0) return null;
    return native.string(library().symbols.curl_pushheader_bynum(this.#pointer, index));
  }

  /** The value of the header with that name, such as `:path`; `null` where there is none. */
  byName(name: string): string | null {
    if (this.#pointer === null || typeof name !== "string" || name.includes("\0")) return null;
    return native.string(library().symbols.curl_pushheader_byname(this.#pointer, cString(name)));
  }

  /** Invalidates the object: the callback is over. */
  end(): void {
    this.#pointer = null;
  }
}

/** The handle that libcurl made for a pushed stream. Either `accept` or `refuse` is called. */
export interface PushOffer {
  readonly easy: Easy;
  accept(): void;
  refuse(): void;
}

/**
 * Wraps the handle of a pushed stream, and replaces the tokens that libcurl has copied from
 * `parent`.
 */
export function pushedEasy(
  multi: MultiState,
  parent: EasyState,
  pointer: NonNullPointer,
): PushOffer {
  const easy = adopt(pointer, parent), state = stateOf(easy);
  dropMime(state, parent);
  state.multi = multi; // at once, so that calls forbidden in a callback of the multi throw
  return {
    easy,
    accept() {
      multi.afterAdd(state);
      if (state.closeHook) multi.keepHook(state.closeHook);
      state.pin();
    },
    refuse() {
      state.multi = null;
      closeJsSide(easy); // libcurl frees the handle itself
    },
  };
}
