/**
 * The check for bytes that OpenSSL has read ahead (oddity `keepsReadAhead`). An HTTP/2 stream that
 * ends or is paused may leave bytes of other streams in OpenSSL's buffer, and the socket has no
 * further event for them. So 10 ms later `curl_multi_socket_all` has libcurl check all of its
 * sockets.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import type { EasyState } from "../../handles/core/easy_state.ts";
import { getInfo } from "../../handles/easy/infos.ts";
import { isHttp1 } from "../http_version.ts";
import { Deadline } from "../timing/deadline.ts";
import { restMs } from "./lost_events.ts";

/**
 * The delay of the check. Most connections have another event before, which makes the check
 * needless.
 */
const SOON_MS = 10;

const { CURLPROTO_HTTPS } = flags;

/**
 * Whether the connection may carry several transfers, which includes one of unknown HTTP version.
 */
function mayShareConnection(easy: EasyState): boolean {
  return !isHttp1(easy) && (getInfo(easy, "PROTOCOL") & CURLPROTO_HTTPS) !== 0;
}

/** Schedules one check for all transfers that have stopped reading since the last one. */
export class ReadAheadCheck {
  readonly #deadline: Deadline;

  /** `schedule` is called when the check is due, and has to schedule a turn. */
  constructor(schedule: () => void) {
    this.#deadline = new Deadline(schedule);
  }

  /** A transfer has ended or was paused, while `others` more are in flight. */
  stoppedReading(easy: EasyState, others: number): void {
    if (others < 1 || this.#deadline.pending || !mayShareConnection(easy)) return;
    this.#deadline.set(Math.max(SOON_MS, restMs(others)));
    this.#deadline.arm();
  }

  /** Whether the check is due; it then counts as done. */
  take(): boolean {
    return this.#deadline.take();
  }

  /** Cancels the check. */
  end(): void {
    this.#deadline.disarm();
  }
}
