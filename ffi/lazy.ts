/**
 * The late binding of native functions, at their first call. On Deno each binding takes 0.15 ms,
 * and a program needs few of the functions.
 *
 * @module
 */

// deno-lint-ignore no-explicit-any -- the tables have the types
type Call = (...args: any[]) => unknown;

/**
 * Adds a function to a table that binds at its first call, and is then replaced by the bound
 * function.
 */
export function bindLater(table: Record<string, unknown>, key: string, bind: () => Call): void {
  let bound: Call | undefined;
  const call: Call = (...args) => {
    bound ??= bind();
    if (table[key] === call) table[key] = bound; // unless a test has replaced it
    return bound(...args);
  };
  table[key] = call;
}
