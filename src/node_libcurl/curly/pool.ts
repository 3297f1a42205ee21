/**
 * The `Curl` instances that `curly` keeps for later requests.
 *
 * @module
 */

import { Curl } from "../curl/curl.ts";
import { CurlFeature } from "../enums/transfers.ts";

const { NoDataParsing, NoStorage, Raw, StreamResponse } = CurlFeature;
const ALL_FEATURES = NoDataParsing | NoStorage | Raw | StreamResponse;

/** Idle `Curl` instances. */
export class CurlPool {
  readonly #idle: Curl[] = [];
  #limit = 0;

  /** Sets how many instances are kept. */
  setLimit(limit: number): void {
    this.#limit = limit;
    while (this.#idle.length > Math.max(limit, 0)) this.#idle.pop()!.close();
  }

  /** Returns a kept instance, or a new one. */
  take(): Curl {
    return this.#idle.pop() ?? new Curl();
  }

  /** Keeps an instance whose transfer is over, or closes it. */
  give(curl: Curl): void {
    if (this.#idle.length >= this.#limit) return curl.close();
    curl.reset().disable(ALL_FEATURES).setMulti(undefined);
    this.#idle.push(curl);
  }

  /** Closes an instance whose transfer could not start. */
  drop(curl: Curl): void {
    curl.close();
  }
}
