/**
 * Functions that are bound when they are first called: on Deno each costs 0.15 ms, and a program
 * needs few of them.
 *
 * @module
 */

// deno-lint-ignore no-explicit-any -- the tables have the types
type Call = (...args: any[]) => unknown;

/** Puts a function into a table that `bind` looks up at the first call, and leaves that one there. */
export function bindLater(table: Record<string, unknown>, key: string, bind: () => Call): void {
  let bound: Call | undefined;
  const call: Call = (...args) => {
    bound ??= bind();
    if (table[key] === call) table[key] = bound; // a test may have put its own there
    return bound(...args);
  };
  table[key] = call;
}
