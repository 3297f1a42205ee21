/**
 * What some versions of libcurl do in an event loop, and others do not: the one place that
 * knows.
 *
 * @module
 */

import { library } from "../../../ffi/mod.ts";
import { usesNss } from "../../version.ts";

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
  /**
   * OpenSSL reads ahead of what it is asked for. A stream of HTTP/2 that ends or is paused leaves
   * there what has come for others of its connection, and nobody looks at it until the socket has
   * more: since 8.15, which made OpenSSL do so; still in 8.23. Not seen by curlew where a transfer
   * leaves its connection by FOLLOWLOCATION.
   */
  readonly leavesRead: boolean;
  /**
   * The descriptor by which the threads of name lookups wake libcurl up is never read, so that it
   * is told of for ever: 8.20.0 (curl#21547).
   */
  readonly neverDrains: boolean;
  /**
   * A socket that never connected is closed without CLOSESOCKETFUNCTION: 7.88.0 to 8.1. So such a
   * one leaves the poller at once; its number may next be a name lookup's, which would be taken
   * for one whose end is announced.
   */
  readonly closesMutely: boolean;
  /** NSS closes the sockets of its connections itself, without CLOSESOCKETFUNCTION: to 8.2. */
  readonly nssCloses: boolean;
}

/** The oddities of that version and TLS library, of the loaded ones unless given. */
export function quirksOf(
  versionNum: number = library().versionNum,
  ssl?: string | null,
): Quirks {
  return {
    loses: versionNum < 0x080d00,
    leavesRead: versionNum >= 0x080f00,
    neverDrains: versionNum === 0x081400,
    closesMutely: versionNum >= 0x075800 && versionNum < 0x080200,
    nssCloses: usesNss(versionNum, ssl),
  };
}
