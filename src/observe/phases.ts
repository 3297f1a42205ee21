/**
 * The phases of a transfer, and their drawing as text.
 *
 * @module
 */

import type { TransferInfo } from "../http/response/info.ts";

/** A part of the time that a transfer took, in ms from its start. */
export interface Phase {
  readonly label: string;
  readonly start: number;
  readonly end: number;
}

const PHASES = [
  ["name lookup", "nameLookup"],
  ["connect", "connect"],
  ["TLS", "tls"],
  ["first byte", "firstByte"],
  ["content", "total"],
] as const;

/** The phases that a transfer had: a kept connection needs neither a name nor TLS. */
export function phasesOf(info: TransferInfo): Phase[] {
  const phases: Phase[] = [];
  let start = 0;
  for (const [label, key] of PHASES) {
    const end = info[key];
    if (end === 0 && key !== "total") continue;
    phases.push({ label, start: Math.min(start, end), end });
    start = Math.max(start, end);
  }
  return phases;
}

/** How phases are drawn. */
export interface DrawOptions {
  /** How many columns stand for all of the time. */
  readonly width: number;
  /** Where the time begins and ends, in ms. */
  readonly from: number;
  readonly to: number;
  readonly isColoured: boolean;
}

const COLOURS = [36, 33, 35, 32, 34];

/** One line for each phase: its name, its bar on the axis, how long it took. */
export function drawPhases(phases: readonly Phase[], options: DrawOptions): string[] {
  const { width, from, to, isColoured } = options;
  const scale = to > from ? width / (to - from) : 0;
  const column = (ms: number) => Math.round((ms - from) * scale);
  return phases.map(({ label, start, end }, i) => {
    const before = Math.min(column(start), width - 1), long = Math.max(1, column(end) - before);
    const bar = "█".repeat(Math.min(long, width - before));
    const shown = isColoured ? `\x1b[${COLOURS[i % COLOURS.length]}m${bar}\x1b[0m` : bar;
    const after = " ".repeat(width - before - bar.length);
    const took = `${(end - start).toFixed(1)} ms`.padStart(12);
    return `${label.padEnd(12)} ${" ".repeat(before)}${shown}${after}${took}`;
  });
}
