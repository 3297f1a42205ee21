/**
 * `waterfall`: many transfers on one time axis.
 *
 * @module
 */

import process from "node:process";
import { native } from "../../../ffi/mod.ts";
import { wrong } from "../../http/shown.ts";
import { member } from "../../members.ts";
import { PUBLIC, save } from "../save.ts";
import { readRows, type Row, type WaterfallSource } from "./rows.ts";
import { drawSvg } from "./svg.ts";
import { drawText, MIN_WIDTH } from "./text.ts";

/** How a waterfall is drawn as text. */
export interface WaterfallTextOptions {
  /** How many columns there are; those of the terminal, or 80, unless given. */
  readonly width?: number | undefined;
  /** Whether there are colours; on a terminal, if `NO_COLOR` is not set, unless given. */
  readonly color?: boolean | undefined;
}

/** Transfers on one time axis. */
export interface Waterfall {
  /** As text, a line for each transfer, without an end of the last line. */
  text(options?: WaterfallTextOptions): string;
  /** As an image, which needs nothing else: no script, no font, no style sheet. */
  svg(): string;
  /**
   * Writes the image to a file. One that is there is replaced in one step, and stays as it was if the
   * new one cannot be written.
   *
   * @throws {TypeError} whose `cause` is the error of the system.
   */
  save(path: string): Promise<void>;
}

/**
 * Draws transfers on one time axis, with the phases of each: waiting for a connection, name lookup,
 * connecting, TLS, sending, waiting for the response, and receiving it. They come from a HAR (of
 * {@linkcode recordHar} or a browser), or are what {@linkcode observe} told of; a `TransferInfo`
 * alone begins at 0. A HAR is more exact. Of URLs neither the user nor the values of the query are
 * drawn. What is no time in it counts as 0.
 *
 * @throws {TypeError} for anything else, and for an option that is wrong.
 *
 * @example
 * ```ts
 * import { fetch } from "curlew";
 * import { observe, type ObservedTransfer, waterfall } from "curlew/observe";
 *
 * const transfers: ObservedTransfer[] = [];
 * using _ = observe(null, { end: (transfer) => transfers.push(transfer) });
 * const urls = ["https://example.com/", "https://example.org/"];
 * await Promise.all(urls.map(async (url) => (await fetch(url)).text()));
 * console.log(waterfall(transfers).text());
 * await waterfall(transfers).save("waterfall.svg");
 * ```
 */
export function waterfall(source: WaterfallSource): Waterfall {
  return new Chart(readRows(source));
}

class Chart implements Waterfall {
  readonly #rows: readonly Row[];

  constructor(rows: readonly Row[]) {
    this.#rows = rows;
  }

  text(options: WaterfallTextOptions = {}): string {
    if (typeof options !== "object" || options === null) {
      throw wrong("draw", "the options", "an object", options);
    }
    const { stdout } = process;
    const width = member(options, "width") ?? stdout.columns ?? 80;
    const color = member(options, "color") ?? (stdout.isTTY === true && !native.env("NO_COLOR"));
    if (!(typeof width === "number" && width >= MIN_WIDTH && width < 10_000)) {
      throw wrong("draw", "width", `a number of columns from ${MIN_WIDTH} to 9999`, width);
    }
    if (typeof color !== "boolean") throw wrong("draw", "color", "a boolean", color);
    return drawText(this.#rows, Math.floor(width), color);
  }

  svg(): string {
    return drawSvg(this.#rows);
  }

  save(path: string): Promise<void> {
    return save(path, this.svg(), PUBLIC);
  }
}
