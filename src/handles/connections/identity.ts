/**
 * Numbers for objects, functions and symbols: each has one number as long as the thread runs. The
 * numbers do not keep objects and functions alive, only symbols.
 *
 * @module
 */

const objects = new WeakMap<object, number>();
const symbols = new Map<symbol, number>();
let last = 0;

/** The number of an object, a function or a symbol. */
export function identityOf(value: object | symbol): number {
  const numbers: Pick<Map<unknown, number>, "get" | "set"> = typeof value === "symbol"
    ? symbols as Map<unknown, number>
    : objects as unknown as Map<unknown, number>;
  let number = numbers.get(value);
  if (number === undefined) numbers.set(value, number = ++last);
  return number;
}
