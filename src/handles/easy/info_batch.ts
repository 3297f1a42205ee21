/**
 * Several numbers that libcurl tells of a handle, taken at once and read later.
 *
 * @module
 */

import { infos } from "../../../ffi/curl/infos.ts";
import { integerOf } from "../../../ffi/memory.ts";
import { library } from "../../../ffi/mod.ts";
import { type Easy, stateOf } from "./easy.ts";
import type { InfoName } from "./infos.ts";

/** An info that is a whole number. */
export type NumberInfo = {
  [N in InfoName]: (typeof infos)[N]["kind"] extends "long" | "off_t" ? N : never;
}[InfoName];

const BYTES = 8;

/** Reads the same infos of many handles. */
export class InfoBatch<N extends NumberInfo> {
  readonly #names: readonly N[];
  readonly #ids: readonly number[];
  /** Where libcurl stores them, in halves, and the same by info. */
  readonly #halves: Int32Array<ArrayBuffer>;
  readonly #each: readonly Int32Array<ArrayBuffer>[];

  /** For those infos, which the library must have. */
  constructor(names: readonly N[]) {
    this.#names = names;
    this.#ids = names.map((name) => infos[name].id);
    const place = new ArrayBuffer(names.length * BYTES);
    this.#halves = new Int32Array(place);
    this.#each = names.map((_, i) => new Int32Array(place, i * BYTES, 2));
  }

  /** What a handle tells now, in the order of the names. */
  take(easy: Easy): number[] {
    const { out } = library().symbols.curl_easy_getinfo, { pointer } = stateOf(easy);
    const halves = this.#halves, ids = this.#ids, taken: number[] = [];
    halves.fill(0); // a long has 32 bits on Windows
    for (let i = 0; i < ids.length; i++) {
      out(pointer, ids[i] as number, this.#each[i] as Int32Array<ArrayBuffer>);
      taken.push(integerOf(halves, 2 * i));
    }
    return taken;
  }

  /** What was taken, by name. */
  read(taken: readonly number[]): Record<N, number> {
    const pairs = this.#names.map((name, i) => [name, taken[i]]);
    return Object.fromEntries(pairs) as Record<N, number>;
  }
}
