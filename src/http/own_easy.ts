/**
 * Easy handles of curlew's own, each for one call of the user.
 *
 * @module
 */

import { Code, CurlEasyError } from "../errors.ts";
import { Easy } from "../handles/easy/easy.ts";
import { isInstance } from "../untrusted.ts";

/**
 * An easy handle with the lifetime of a call. The call may have been made inside a callback of
 * another transfer, where libcurl does not allow to close a related handle: then it is closed after
 * the callback. So an error of closing never replaces the error of the call.
 */
export class OwnEasy {
  readonly easy: Easy = new Easy();

  /** Closes the handle at the end of a `using` block. */
  [Symbol.dispose](): void {
    try {
      this.easy.close();
    } catch (error) {
      if (isInstance(error, CurlEasyError) && error.code === Code.RECURSIVE_API_CALL) {
        setImmediate(() => this[Symbol.dispose]());
      } else queueMicrotask(() => reportError(error)); // an exception of a CLOSESOCKETFUNCTION
    }
  }
}
