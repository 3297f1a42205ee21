/**
 * Whether and when a transfer is tried again.
 *
 * @module
 */

import type { Easy } from "../../handles/easy/easy.ts";
import type { CurlTool } from "../../command/types.ts";
import { constants } from "../../constants.ts";

const FIRST_WAIT_MS = 1000, LONGEST_WAIT_MS = 600_000;
/** Statuses of temporary errors. */
const TRANSIENT: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504, 522, 524]);
const ECONNREFUSED: ReadonlySet<number> = new Set([111, 61, 10061]);

/** The next attempt. */
export interface Attempt {
  readonly waitMs: number;
  /** The reason, as text. */
  readonly reason: string;
}

/** Counts the attempts of one transfer. */
export class Retries {
  readonly #tool: CurlTool;
  readonly #started = performance.now();
  #left: number;
  #wait: number;
  #done = 0;

  constructor(tool: CurlTool) {
    this.#tool = tool;
    this.#left = tool.retry;
    this.#wait = tool.retryDelay;
  }

  /** The number of retries so far. */
  get done(): number {
    return this.#done;
  }

  /** The next attempt after a transfer with that exit code, `null` for none. */
  next(easy: Easy, code: number): Attempt | null {
    const { retryMaxTime } = this.#tool, spent = performance.now() - this.#started;
    if (this.#left === 0 || (retryMaxTime > 0 && spent >= retryMaxTime)) return null;
    const why = this.#why(easy, code);
    if (why === null) return null;
    const asked = why === ": HTTP error" ? easy.getInfo("RETRY_AFTER") * 1000 : 0;
    if (asked > 0 && retryMaxTime > 0 && spent + asked > retryMaxTime) return null;
    const waitMs = asked > 0 ? asked : this.#delay();
    this.#left--;
    this.#done++;
    const left = `${this.#left} ${this.#left === 1 ? "retry" : "retries"} left`;
    return { waitMs, reason: `Problem ${why}. Will retry in ${waitMs / 1000} seconds. ${left}.` };
  }

  #delay(): number {
    if (this.#tool.retryDelay > 0) return this.#tool.retryDelay;
    this.#wait = this.#wait === 0 ? FIRST_WAIT_MS : Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    return this.#wait;
  }

  #why(easy: Easy, code: number): string | null {
    const { retryConnrefused, retryAllErrors, fail } = this.#tool;
    const status = easy.getInfo("RESPONSE_CODE"), scheme = easy.getInfo("SCHEME")?.toLowerCase();
    if (TIMEOUTS.has(code)) return ": timeout";
    const isRefused = code === constants.CURLE_COULDNT_CONNECT &&
      ECONNREFUSED.has(easy.getInfo("OS_ERRNO"));
    if (retryConnrefused && isRefused) return ": connection refused";
    const isAnswered = code === 0 ||
      (fail !== "never" && code === constants.CURLE_HTTP_RETURNED_ERROR);
    if (isAnswered && /^https?$/.test(scheme ?? "") && TRANSIENT.has(status)) return ": HTTP error";
    if (code !== 0 && /^ftps?$/.test(scheme ?? "") && Math.floor(status / 100) === 4) {
      return ": FTP error";
    }
    return code !== 0 && retryAllErrors ? "(retrying all errors)" : null;
  }
}

const TIMEOUTS: ReadonlySet<number> = new Set([
  constants.CURLE_OPERATION_TIMEDOUT,
  constants.CURLE_COULDNT_RESOLVE_HOST,
  constants.CURLE_COULDNT_RESOLVE_PROXY,
  constants.CURLE_FTP_ACCEPT_TIMEOUT,
]);
