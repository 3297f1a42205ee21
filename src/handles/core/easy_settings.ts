/**
 * What the options of an easy handle said, as far as curlew itself needs it. The lifetime is that
 * of libcurl's own options: `reset()` makes a new one, `duplicate()` copies it. A member that is
 * added here is reset and copied without further ado.
 *
 * @module
 */

import type { AnyFunction } from "../base/callback_results.ts";

/** See {@linkcode EasySettings.copy}. */
type Members = { -readonly [M in keyof EasySettings]: EasySettings[M] };

/** What the options of an easy handle said. */
export class EasySettings {
  /** The callbacks, by option number. */
  readonly functions: Map<number, AnyFunction> = new Map();
  /** The values of the `*DATA` options, by option number. */
  readonly data: Map<number, unknown> = new Map();
  /** PRIVATE, which never leaves JS. */
  privateValue: unknown = null;
  /** The JS objects of CURLU and MIMEPOST, by option number: libcurl uses their C side. */
  readonly uses: Map<number, unknown> = new Map();
  /** CONNECT_ONLY: the connection is to stay after the transfer. */
  connectOnly = false;
  /** HSTS names a file. */
  hstsFile = false;
  /** MAX_RECV_SPEED_LARGE or MAX_SEND_SPEED_LARGE was set. */
  rateLimited = false;
  /** BUFFERSIZE was set by the user. */
  ownBuffer = false;
  /** BUFFERSIZE as libcurl has it. */
  bufferSize = 0;
  /** ACCEPT_ENCODING was set, so that libcurl unpacks bodies. */
  acceptsEncoding = false;
  /** HTTP_CONTENT_DECODING. */
  contentDecoding = true;
  /** TRANSFER_ENCODING. */
  transferEncoding = false;
  /** HTTP_VERSION. */
  httpVersion = 0;
  /** TIMEOUT_MS, or TIMEOUT in milliseconds: the later one counts. 0 is none. */
  timeoutMs = 0;
  /** The server of URL where that may be one of FTP, else `null`. */
  ftpOrigin: string | null = null;
  /** A bit for each option that may lead to LDAP or `file:`: `easy/forbid_reuse.ts`. */
  reuseRisks = 0;
  /** FORBID_REUSE as the user wants it. */
  forbidReuse = 0;
  /** FORBID_REUSE is 1 for libcurl, whatever the user wants. */
  reuseForbidden = false;

  /** A copy for a duplicate of the handle. What is set in one is not seen in the other. */
  copy(): EasySettings {
    const copy: Members = new EasySettings();
    Object.assign(copy, this);
    copy.functions = new Map(this.functions);
    copy.data = new Map(this.data);
    copy.uses = new Map(this.uses);
    return copy as EasySettings;
  }
}
