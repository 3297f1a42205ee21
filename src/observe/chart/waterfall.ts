/**
 * `waterfall`: draws transfers on one time axis.
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

/** The options of a waterfall as text. */
export interface WaterfallTextOptions {
  /** The number of columns; by default that of the terminal, or 80. */
  readonly width?: number | undefined;
  /** Whether to use colours; by default on a terminal, if `NO_COLOR` is not set. */
  readonly color?: boolean | undefined;
}

/** Transfers on one time axis. */
export interface Waterfall {
  /** The chart as text, a line for each transfer, without a line end after the last. */
  text(options?: WaterfallTextOptions): string;
  /** The chart as an SVG image, which needs no script, font or style sheet. */
  svg(): string;
  /**
   * Writes the image to a file. An existing file is replaced atomically, and is unchanged if the
   * new one cannot be written.
   *
   * @throws {TypeError} if that fails; its `cause` is the error of the system.
   */
  save(path: string): Promise<void>;
}

/**
 * Draws transfers on one time axis, with the phases of each: waiting for a connection, name lookup,
 * connecting, TLS, sending, waiting for the response, and receiving it. The source is a HAR (of
 * {@linkcode recordHar} or a browser), or the transfers of {@linkcode observe}; a `TransferInfo`
 * alone begins at 0. A HAR is more exact. Users and query values of URLs are not drawn. A member
 * that is not a valid time counts as 0.
 *
 * @throws {TypeError} for anything else, and for a wrong option.
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
