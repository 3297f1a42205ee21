/**
 * What a transfer of HTTP/2 has left in OpenSSL's buffer for others of its connection.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import type { EasyState } from "../../handles/core/easy_state.ts";
import { getInfo } from "../../handles/easy/infos.ts";
import { isHttp1 } from "../http_version.ts";
import { Deadline } from "../timing/deadline.ts";
import { restMs } from "./lost_events.ts";

/** How long what a transfer has left may lie. Not at once: what comes next often takes it up. */
const SOON_MS = 10;

const { CURLPROTO_HTTPS } = flags;

/** Whether others may use its connection at the same time: also before there was an answer. */
function mayShare(easy: EasyState): boolean {
  return !isHttp1(easy) && (getInfo(easy, "PROTOCOL") & CURLPROTO_HTTPS) !== 0;
}

/**
 * The remedy for `leavesRead` of the quirks: soon after such a transfer has ended or paused, at
 * most once for all that did meanwhile.
 */
export class Leftovers {
  readonly #look: Deadline;

  /** `schedule` has a turn come when it is time to look. */
  constructor(schedule: () => void) {
    this.#look = new Deadline(schedule);
  }

  /** A transfer reads no more, beside so many others. */
  left(easy: EasyState, others: number): void {
    if (others < 1 || this.#look.pending || !mayShare(easy)) return;
    this.#look.set(Math.max(SOON_MS, restMs(others)));
    this.#look.arm();
  }

  /** Whether it is time to look; then it counts as done. */
  due(): boolean {
    return this.#look.take();
  }

  /** Looks no more. */
  end(): void {
    this.#look.disarm();
  }
}
