/**
 * Checks of the arguments of `parseCurl` and `toCurl`. Each error names the argument, what it takes
 * and what it got.
 *
 * @module
 */

import { wrong } from "../http/shown.ts";
import { member } from "../members.ts";
import { isInstance } from "../untrusted.ts";

/** What was attempted, for `Cannot …:` in error messages. */
export const READ = "read the curl command", WRITE = "write the curl command";

/** A kind of value: its description, and the function that tests it. */
export type Kind = readonly [words: string, is: (value: unknown) => boolean];

/** The kinds of arguments. */
export const Kinds: Readonly<
  Record<"bytes" | "boolean" | "function" | "object" | "shell" | "string" | "time", Kind>
> = {
  bytes: ["a Uint8Array", (value) => isInstance(value, Uint8Array)],
  boolean: ["a boolean", (value) => typeof value === "boolean"],
  function: ["a function", (value) => typeof value === "function"],
  object: ["an object", (value) => typeof value === "object" && value !== null],
  shell: ['"bash" or "cmd"', (value) => value === "bash" || value === "cmd"],
  string: ["a string", (value) => typeof value === "string"],
  time: ["a number of ms since 1970", (value) => Number.isFinite(value)],
};

/** Throws `TypeError` for a value of another kind. */
export function check(call: string, name: string, [words, is]: Kind, value: unknown): void {
  if (!is(value)) throw wrong(call, name, words, value);
}

/**
 * A member of the options, `undefined` where it is missing. Throws `TypeError` for another kind.
 */
export function checkedMember<T extends object, K extends keyof T & string>(
  call: string,
  options: T,
  name: K,
  kind: Kind,
): T[K] | undefined {
  const value = member(options, name);
  if (value !== undefined) check(call, name, kind, value);
  return value;
}

/** Throws `TypeError` for a value that is not a command. */
export function checkCommand(command: unknown): void {
  if (typeof command === "string") return;
  if (!Array.isArray(command)) {
    throw wrong(READ, "the command", "a string or an array of strings", command);
  }
  // by index: a hole is not a string either
  for (let i = 0; i < command.length; i++) {
    check(READ, `argument ${i + 1} of the command`, Kinds.string, command[i]);
  }
}
