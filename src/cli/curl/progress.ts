/**
 * The progress of the transfers: a bar on a terminal, nothing elsewhere.
 *
 * @module
 */

import type { EasyOptions } from "../../handles/easy/easy.ts";

/** The progress of one transfer, in bytes. */
export interface Counter {
  done: number;
  /** The expected number, 0 where unknown. */
  total: number;
}

const BETWEEN_MS = 100, UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A number of bytes in the largest unit that leaves few digits. */
export function bytesText(bytes: number): string {
  let value = bytes, unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(value < 10 ? 2 : 1)} ${UNITS[unit]}`;
}

/** A bar of `columns` characters. */
export function barText(part: number, columns: number): string {
  const eighths = Math.round(Math.min(Math.max(part, 0), 1) * columns * 8);
  const full = Math.floor(eighths / 8), bar = "█".repeat(full) + (EIGHTHS[eighths % 8] ?? "");
  return bar.padEnd(columns, "░");
}

/** Seconds as hours, minutes and seconds. */
function clock(seconds: number): string {
  if (!Number.isFinite(seconds)) return "--:--";
  const whole = Math.round(seconds), rest = String(whole % 60).padStart(2, "0");
  return `${Math.floor(whole / 60)}:${rest}`;
}

/** A line on the terminal that is overwritten again and again. */
export class ProgressBar {
  readonly #write: (text: string) => void;
  readonly #columns: () => number;
  readonly #started = performance.now();
  readonly #running = new Set<Counter>();
  #finished = 0;
  #finishedBytes = 0;
  #drawn = -Infinity;
  #isDrawn = false;

  constructor(write: (text: string) => void, columns: () => number) {
    this.#write = write;
    this.#columns = columns;
  }

  /** Registers a counter, and returns the options that update it. */
  options(counter: Counter): EasyOptions {
    this.#running.add(counter);
    return {
      NOPROGRESS: 0,
      XFERINFOFUNCTION: (_, dltotal, dlnow, ultotal, ulnow) => {
        counter.done = dlnow + ulnow;
        counter.total = dltotal + ultotal;
        this.#draw(false);
      },
    };
  }

  /** A transfer is over. */
  finish(counter: Counter): void {
    this.#draw(true);
    this.#running.delete(counter);
    this.#finished++;
    this.#finishedBytes += counter.done;
  }

  #draw(isForced: boolean): void {
    const now = performance.now();
    if (!isForced && now - this.#drawn < BETWEEN_MS) return;
    this.#drawn = now;
    this.#isDrawn = true;
    this.#write(`\r${this.line(now)}\x1b[K`);
  }

  /** The text of the line. */
  line(now: number): string {
    const counters = [...this.#running];
    const done = counters.reduce((sum, { done }) => sum + done, this.#finishedBytes);
    const isKnown = counters.every(({ total }) => total > 0);
    const total = counters.reduce((sum, { total }) => sum + total, this.#finishedBytes);
    const seconds = Math.max((now - this.#started) / 1000, 0.001), speed = done / seconds;
    const many = this.#finished + counters.length;
    const before = many > 1 ? `${this.#finished}/${many} ` : "";
    const after = isKnown && total > 0
      ? ` ${String(Math.floor(done / total * 100)).padStart(3)}% ${bytesText(done)} of ${
        bytesText(total)
      } ` +
        `${bytesText(speed)}/s ${clock((total - done) / speed)}`
      : ` ${bytesText(done)} ${bytesText(speed)}/s ${clock(seconds)}`;
    const room = this.#columns() - before.length - after.length - 1;
    return `${before}${
      room < 5 ? "" : barText(isKnown ? done / total : 0, Math.min(room, 40))
    }${after}`;
  }

  /** Ends the line with a line break. */
  close(): void {
    if (this.#isDrawn) this.#write("\n");
  }
}
