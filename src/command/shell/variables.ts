/**
 * The variables of the shell and of the environment.
 *
 * @module
 */

import { check, Kinds, READ } from "../arguments.ts";

/** Variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * The value of a variable, `undefined` for none. Throws `TypeError` for a value that is not a
 * string.
 */
export function variableOf(variables: Variables, name: string): string | undefined {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (value !== undefined) check(READ, `env.${name}`, Kinds.string, value);
  return value?.toWellFormed();
}
