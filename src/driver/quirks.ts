/**
 * What some versions of libcurl do in an event loop, and others do not: the one place that
 * knows.
 *
 * @module
 */

import { library } from "../../ffi/mod.ts";

/** The oddities of a version. */
export interface Quirks {
  /**
   * After EPSV, FTP may lose its last socket without naming another or a timeout, though the
   * transfer could go on. Seen on 7.88.1, not on 8.14.1; 8.13 reworked the events. The same
   * where a transfer with a MAX_*_SPEED_LARGE was paused while its last bytes came, and where
   * those of HTTP/2 without TLS came together with somebody else's (7.88.1, not 7.74 or 8.14.1).
   * An LDAP server's answer by TLS is not looked at for lack of an event (7.88.1).
   */
  readonly loses: boolean;
  /** One action goes on with all busy transfers, up to 100 buffers each: before 8.13. */
  readonly runsAll: boolean;
  /** A timeout that remains after one was served is not told again: 8.10.0 to 8.11.0. */
  readonly forgetsTimer: boolean;
  /**
   * A transfer that waited for the connection of one that is removed may go on, but is not told
   * of where the removed one had no timeout: 8.10.0 to 8.18.
   */
  readonly removesMutely: boolean;
}

/** The oddities of that version, of the loaded one unless given. */
export function quirksOf(versionNum: number = library().versionNum): Quirks {
  return {
    loses: versionNum < 0x080d00,
    runsAll: versionNum < 0x080d00,
    forgetsTimer: versionNum >= 0x080a00 && versionNum <= 0x080b00,
    removesMutely: versionNum >= 0x080a00 && versionNum < 0x081300,
  };
}
