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
   * transfer could go on. Seen on 7.88.1, not on 8.14.1; 8.13 reworked the events.
   */
  readonly losesFtp: boolean;
  /** A timeout that remains after one was served is not told again: 8.10.0 to 8.11.0. */
  readonly forgetsTimer: boolean;
}

/** The oddities of that version, of the loaded one unless given. */
export function quirksOf(versionNum: number = library().versionNum): Quirks {
  return {
    losesFtp: versionNum < 0x080d00,
    forgetsTimer: versionNum >= 0x080a00 && versionNum <= 0x080b00,
  };
}
