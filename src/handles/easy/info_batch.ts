/**
 * A batch of numeric infos, which are read from a handle at once, as an array, and named later.
 *
 * @module
 */

import { infos } from "../../../ffi/curl/infos.ts";
import { integerOf } from "../../../ffi/memory.ts";
import { library } from "../../../ffi/mod.ts";
import { type Easy, stateOf } from "./easy.ts";
import type { InfoName } from "./infos.ts";

/** The name of an info that is an integer. */
export type NumberInfo = {
  [N in InfoName]: (typeof infos)[N]["kind"] extends "long" | "off_t" ? N : never;
}[InfoName];

const BYTES = 8;

/** A list of numeric infos, to be read from many handles. */
export class InfoBatch<N extends NumberInfo> {
  readonly #names: readonly N[];
  readonly #ids: readonly number[];
  /**
   * The buffer in which libcurl stores the values, as halves of 64 bits, and a view for each info.
   */
  readonly #halves: Int32Array<ArrayBuffer>;
  readonly #places: readonly Int32Array<ArrayBuffer>[];

  /** Makes a list of infos, all of which the loaded libcurl must know. */
  constructor(names: readonly N[]) {
    this.#names = names;
    this.#ids = names.map((name) => infos[name].id);
    const place = new ArrayBuffer(names.length * BYTES);
    this.#halves = new Int32Array(place);
    this.#places = names.map((_, i) => new Int32Array(place, i * BYTES, 2));
  }

  /** Reads the infos of a handle, in the order of the names. */
  take(easy: Easy): number[] {
    const { out } = library().symbols.curl_easy_getinfo, { pointer } = stateOf(easy);
    const halves = this.#halves, ids = this.#ids, taken: number[] = [];
    halves.fill(0); // a long has 32 bits on Windows
    for (let i = 0; i < ids.length; i++) {
      out(pointer, ids[i] as number, this.#places[i] as Int32Array<ArrayBuffer>);
      taken.push(integerOf(halves, 2 * i));
    }
    return taken;
  }

  /** The values of {@linkcode take} by name. */
  read(taken: readonly number[]): Record<N, number> {
    const pairs = this.#names.map((name, i) => [name, taken[i]]);
    return Object.fromEntries(pairs) as Record<N, number>;
  }
}
