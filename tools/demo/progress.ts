/**
 * The progress of the transfers: a bar on a terminal, one line elsewhere.
 *
 * @module
 */

import process from "node:process";
import { Presets, SingleBar } from "cli-progress";

/** A progress display. */
export interface Progress extends Disposable {
  /** Counts one more finished transfer. */
  advance(): void;
}

const FORMAT = "{bar} {value}/{total} transfers | {duration_formatted}";

/** Shows on stderr how many of `total` are done. */
export function startProgress(total: number): Progress {
  if (!process.stderr.isTTY) {
    console.error(`Running ${total} transfer${total === 1 ? "" : "s"} …`);
    return { advance() {}, [Symbol.dispose]() {} };
  }
  const bar = new SingleBar({ format: FORMAT, clearOnComplete: true }, Presets.shades_classic);
  bar.start(total, 0);
  return { advance: () => bar.increment(), [Symbol.dispose]: () => bar.stop() };
}
