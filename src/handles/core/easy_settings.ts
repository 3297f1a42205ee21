/**
 * The values of the options of an easy handle, as far as curlew itself needs them. Their lifetime
 * is that of libcurl's own options: `reset()` makes a new object, `duplicate()` copies it, so that
 * every member added here is reset and copied.
 *
 * @module
 */

import { INITIAL_RECEIVE, type ReceiveSettings } from "./receive_settings.ts";
import type { AnyFunction } from "../base/callback_results.ts";
import type { FileName, FileSource } from "../base/files.ts";
import type { ConnectionClass } from "./connection_class.ts";

/** The members of `EasySettings` without `readonly`, for {@linkcode EasySettings.copy}. */
type Members = { -readonly [M in keyof EasySettings]: EasySettings[M] };

/** The values of the options of an easy handle. */
export class EasySettings {
  /** The callbacks, by option number. */
  readonly functions: Map<number, AnyFunction> = new Map();
  /** The values of the `*DATA` options, by option number. */
  readonly data: Map<number, unknown> = new Map();
  /** The open file that WRITEDATA names, `null` where there is none. */
  target: FileName | null = null;
  /** The open file that READDATA names, `null` where there is none. */
  source: FileSource | null = null;
  /** PRIVATE, which stays in JS. */
  privateValue: unknown = null;
  /**
   * The JS objects of CURLU, MIMEPOST and an HTTPPOST with files, by option number; libcurl uses
   * their C handles.
   */
  readonly uses: Map<number, unknown> = new Map();
  /** The option that has set libcurl's method, the last of those that do; 0 for none. */
  bodyOption = 0;
  /** Whether CONNECT_ONLY is set: the connection stays open after the transfer. */
  connectOnly = false;
  /** VERBOSE, as the user has set it. */
  verbose = false;
  /** HSTS is the name of a file. */
  hstsFile = false;
  /** UNIX_SOCKET_PATH, or "@" and ABSTRACT_UNIX_SOCKET: the one that was set last. */
  unixSocket: string | null = null;
  /** MAX_RECV_SPEED_LARGE or MAX_SEND_SPEED_LARGE was set. */
  rateLimited = false;
  /** RESUME_FROM or RESUME_FROM_LARGE, whichever was set last. */
  resumesAt = 0;
  /** POSTFIELDSIZE or POSTFIELDSIZE_LARGE, `null` for -1, which means the length of POSTFIELDS. */
  postSize: number | null = null;
  /** A transfer has begun since the size was set. */
  postSizeUsed = false;
  /** A transfer has begun since POSTFIELDS was set. */
  postFieldsUsed = false;
  /** How the answer is received. The object is replaced, never changed. */
  receive: ReceiveSettings = INITIAL_RECEIVE;
  /** HTTP_VERSION. */
  httpVersion = 0;
  /** FOLLOWLOCATION: a redirect may lead to another protocol. */
  followsRedirects = false;
  /** TIMEOUT_MS, or TIMEOUT in milliseconds, whichever was set last. 0 means no limit. */
  timeoutMs = 0;
  /** The scheme and server of URL where the transfer may use FTP, else `null`. */
  ftpOrigin: string | null = null;
  /**
   * Bits for what the options and the last head say about the connection, defined in
   * `easy/forbid_reuse.ts` and `callbacks/unsent_body.ts`.
   */
  reuseRisks = 0;
  /** FORBID_REUSE as the user has set it. */
  forbidReuse = 0;
  /** Whether curlew has set FORBID_REUSE to 1, whatever the user has set. */
  reuseForbidden = false;
  /**
   * Whether curlew has set it only for the transfer in flight, whose connection may have unread
   * bytes.
   */
  leavesUnread = false;
  /** FRESH_CONNECT as the user has set it. */
  freshConnect = 0;
  /** Whether curlew has set FRESH_CONNECT to 1, whatever the user has set. */
  freshForced = false;
  /**
   * The values of the options that decide where or how a connection is made, by option number:
   * `connections/connection_class.ts`. `null` where none of them was set.
   */
  connectionTokens: Map<number, string> | null = null;
  /** The connection class of these values, `null` until it is first needed. */
  connectionClass: ConnectionClass | null = null;

  /** Changes how the answer is received. */
  setReceive(changes: Partial<ReceiveSettings>): void {
    this.receive = { ...this.receive, ...changes };
  }

  /** A copy for a duplicate of the handle. Later changes of one do not affect the other. */
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
