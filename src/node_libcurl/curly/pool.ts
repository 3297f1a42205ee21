/**
 * The `Curl` instances that `curly` keeps for later requests.
 *
 * @module
 */

import { Curl } from "../curl/curl.ts";
import { CurlFeature } from "../enums/transfers.ts";

const { NoDataParsing, NoStorage, Raw, StreamResponse } = CurlFeature;
const ALL_FEATURES = NoDataParsing | NoStorage | Raw | StreamResponse;

/** See the module. */
export class CurlPool {
  readonly #idle: Curl[] = [];
  #limit = 0;

  /** How many it may keep from now on. */
  setLimit(limit: number): void {
    this.#limit = limit;
    while (this.#idle.length > Math.max(limit, 0)) this.#idle.pop()!.close();
  }

  /** One that is as new. */
  take(): Curl {
    return this.#idle.pop() ?? new Curl();
  }

  /** Takes one back whose transfer is over. */
  give(curl: Curl): void {
    if (this.#idle.length >= this.#limit) return curl.close();
    curl.reset().disable(ALL_FEATURES).setMulti(undefined);
    this.#idle.push(curl);
  }

  /** One that could not start. */
  drop(curl: Curl): void {
    curl.close();
  }
}
