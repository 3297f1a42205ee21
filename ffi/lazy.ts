/**
 * The late binding of native functions, at their first call. On Deno each binding takes 0.15 ms,
 * and a program needs few of the functions.
 *
 * @module
 */

// deno-lint-ignore no-explicit-any -- the tables have the types
type Call = (...args: any[]) => unknown;

/**
 * Puts a function into a table that binds at the first call, and is then replaced by what it bound.
 */
export function bindLater(table: Record<string, unknown>, key: string, bind: () => Call): void {
  let bound: Call | undefined;
  const call: Call = (...args) => {
    bound ??= bind();
    if (table[key] === call) table[key] = bound; // a test may have replaced it
    return bound(...args);
  };
  table[key] = call;
}
