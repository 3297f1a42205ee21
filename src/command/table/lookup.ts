/**
 * Finding an option of curl by what stands in a command.
 *
 * @module
 */

import type { OptionRow } from "./effect.ts";
import { rows } from "./rows.ts";

const letters = new Map<string, string>();
for (const [name, { letter, aliasOf }] of Object.entries(rows)) {
  const isOthers = aliasOf !== undefined && rows[aliasOf]?.letter === letter;
  if (letter !== undefined && !isOthers) letters.set(letter, name);
}

/** The row of a long name, without `--` and `no-`. */
export function findRow(name: string): OptionRow | undefined {
  return Object.hasOwn(rows, name) ? rows[name] : undefined;
}

/** The long name that a letter stands for. */
export function nameOfLetter(letter: string): string | undefined {
  return letters.get(letter);
}

/** How an option is written: `--no-…` for what is on unless it is said. */
export function spelled(name: string): string {
  const row = findRow(name);
  return row?.off && !row.on || DEFAULT_ON.has(name) ? `--no-${name}` : `--${name}`;
}

const DEFAULT_ON: ReadonlySet<string> = new Set(["buffer", "clobber", "progress-meter"]);

/** The known long name that is nearest to one that nobody knows. */
export function nearestName(name: string): string {
  let best = "", least = Infinity;
  for (const known of Object.keys(rows)) {
    const isBeginning = name.length > 2 && known.startsWith(name);
    const distance = isBeginning ? 0.5 : editDistance(name, known);
    if (distance < least) {
      least = distance;
      best = known;
    }
  }
  return best;
}

/** How many letters to insert, drop, change or swap with the next one make `to` of `from`. */
function editDistance(from: string, to: string): number {
  const a = from.slice(0, 40), width = to.length + 1;
  let before: number[] = [], last = Array.from({ length: width }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let k = 1; k < width; k++) {
      const isSame = a[i - 1] === to[k - 1];
      let least = Math.min(
        (last[k] as number) + 1,
        (row[k - 1] as number) + 1,
        (last[k - 1] as number) + (isSame ? 0 : 1),
      );
      const isSwap = i > 1 && k > 1 && a[i - 1] === to[k - 2] && a[i - 2] === to[k - 1];
      if (isSwap) least = Math.min(least, (before[k - 2] as number) + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[width - 1] as number;
}
