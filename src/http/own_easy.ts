/**
 * Easy handles of curlew's own, for one call of the user's.
 *
 * @module
 */

import { Code, CurlEasyError } from "../errors.ts";
import { Easy } from "../handles/easy/easy.ts";
import { isInstance } from "../untrusted.ts";

/**
 * An easy handle that lives as long as a call. The call may have been made inside a callback of
 * another transfer, where libcurl lets no related handle be closed: it is closed after the callback
 * then. So the error of the call is never joined by one of its handle.
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
      } else queueMicrotask(() => reportError(error)); // of a CLOSESOCKETFUNCTION
    }
  }
}
