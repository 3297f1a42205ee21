/**
 * Finds the row of an option by its name in a command.
 *
 * @module
 */

import { nearest } from "../../nearest.ts";
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

/** The spelling of an option: `--no-…` for one that is on by default. */
export function spelled(name: string): string {
  const row = findRow(name);
  return row?.off && !row.on || DEFAULT_ON.has(name) ? `--no-${name}` : `--${name}`;
}

const DEFAULT_ON: ReadonlySet<string> = new Set(["buffer", "clobber", "progress-meter"]);

/** The known long name that is nearest to an unknown one. */
export function nearestName(name: string): string {
  return nearest(name, Object.keys(rows)) ?? "";
}
