/**
 * What the options of an easy handle said, as far as curlew itself needs it. The lifetime is that
 * of libcurl's own options: `reset()` makes a new one, `duplicate()` copies it. A member that is
 * added here is reset and copied without further ado.
 *
 * @module
 */

import type { AnyFunction } from "../base/callback_results.ts";
import type { ConnectionClass } from "./connection_class.ts";

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
  /** FRESH_CONNECT as the user wants it. */
  freshConnect = 0;
  /** FRESH_CONNECT is 1 for libcurl, whatever the user wants. */
  freshForced = false;
  /**
   * What the options said that decide where or how a connection is made, by option number:
   * `connections/connection_class.ts`. `null` where none has said anything.
   */
  connectionTokens: Map<number, string> | null = null;
  /** The class that they make together, `null` until somebody asks. */
  connectionClass: ConnectionClass | null = null;

  /** A copy for a duplicate of the handle. What is set in one is not seen in the other. */
  copy(): EasySettings {
    const copy: Members = new EasySettings();
    Object.assign(copy, this);
    copy.functions = new Map(this.functions);
    copy.data = new Map(this.data);
    copy.uses = new Map(this.uses);
    copy.connectionTokens = this.connectionTokens && new Map(this.connectionTokens);
    return copy as EasySettings;
  }
}
