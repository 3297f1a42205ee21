/**
 * `Share`: data that several handles share.
 *
 * @module
 */

import { CurlShareError } from "../errors.ts";
import { Share as CoreShare } from "../handles/share.ts";
import { CurlSharedError } from "./errors.ts";
import { CurlShareCode } from "./enums/codes.ts";
import { type CurlShareLock, CurlShareOption } from "./enums/handles.ts";
import { isInstance } from "../untrusted.ts";

/** The core's share of a `Share` of this room. */
export let coreShareOf: (share: Share) => CoreShare;

/**
 * A share handle: several handles share cookies, names, TLS sessions or connections.
 *
 * @example
 * ```ts
 * import { Curl, CurlShareLock, Share } from "curlew/node-libcurl";
 *
 * const share = new Share();
 * share.setOpt("SHARE", CurlShareLock.DataCookie);
 * const curl = new Curl();
 * curl.setOpt("SHARE", share);
 * curl.setOpt("COOKIEFILE", "");
 * curl.close();
 * share.close();
 * ```
 */
export class Share {
  readonly #core = new CoreShare();

  static {
    coreShareOf = (share) => share.#core;
  }

  /** libcurl's text for a code. */
  static strError(errorCode: CurlShareCode): string {
    if (typeof errorCode !== "number") {
      throw new TypeError("Cannot name the error: expected a CurlShareCode");
    }
    return new CurlShareError(errorCode).message;
  }

  /**
   * Shares or no longer shares a kind of data.
   *
   * @returns `CURLSHE_OK` or an error code: `CURLSHE_IN_USE` while a handle uses the share.
   * @throws {CurlSharedError} where the share is closed.
   */
  setOpt(option: CurlShareOption | "SHARE" | "UNSHARE", value: CurlShareLock): CurlShareCode {
    if (this.#core.closed) {
      throw new CurlSharedError("The Share is closed", CurlShareCode.CURLSHE_INVALID);
    }
    if (typeof value !== "number") {
      throw new TypeError("Cannot set the option of the Share: expected a CurlShareLock");
    }
    const name = typeof option === "number" ? CurlShareOption[option] : option;
    return codeOf(() => this.#core.setOpt(name as "SHARE" | "UNSHARE", Math.trunc(value)));
  }

  /**
   * Frees the share.
   *
   * @throws {CurlSharedError} where the share is closed already, and `CURLSHE_IN_USE` while a
   * handle uses it: close the handles first.
   */
  close(): void {
    if (this.#core.closed) {
      throw new CurlSharedError("The Share is closed already", CurlShareCode.CURLSHE_INVALID);
    }
    const code = codeOf(() => this.#core.close());
    if (code === CurlShareCode.CURLSHE_OK) return;
    throw new CurlSharedError(`Cannot close the Share: ${Share.strError(code)}`, code);
  }
}

/** The code that the C function returns for a call of the core. */
function codeOf(call: () => void): CurlShareCode {
  try {
    call();
    return CurlShareCode.CURLSHE_OK;
  } catch (error) {
    if (isInstance(error, CurlShareError)) return error.code as CurlShareCode;
    throw error;
  }
}
