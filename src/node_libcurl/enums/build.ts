/**
 * Makes the enums of this room. They are declared as TypeScript enums, so that programs type-check
 * as with node-libcurl, and their numbers are curl's.
 *
 * @module
 */

import { codes, numberOf } from "../tables.ts";

/**
 * An enum as TypeScript makes it: it maps names to numbers, and numbers to the last of their names.
 *
 * @param prefix the beginning of the C names.
 * @param names the members, separated by spaces: `GssApi` is C's `PREFIX_GSSAPI`.
 * @param odd members whose number or C name follows no rule.
 */
export function enumOf<E>(
  prefix: string,
  names: string,
  odd: Readonly<Record<string, string | number>> = {},
): E {
  const members = names.split(/\s+/).filter((name) => name !== "");
  const numbers: [string, number][] = members.map((name) => [name, numberOf(prefix + name)]);
  for (const [name, of] of Object.entries(odd)) {
    numbers.push([name, typeof of === "number" ? of : numberOf(of)]);
  }
  return twoWays(numbers) as E;
}

/**
 * The codes of a kind of handle, and a last member after them. A number maps to its present name.
 */
export function codesOf<E>(of: "easy" | "multi" | "share", last: string): E {
  const found = codes(of), known = found.filter(([, code]) => code < 1000);
  const end = 1 + Math.max(...known.map(([, code]) => code));
  return twoWays([...found.reverse(), [last, end]]) as E;
}

function twoWays(members: readonly (readonly [string, number])[]): Record<string, string | number> {
  const made: Record<string, string | number> = {};
  for (const [name, number] of members) made[made[name] = number] = name;
  return made;
}
