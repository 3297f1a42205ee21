// Functions are bound when they are first called.
import { expect, test } from "vitest";
import { bindLater } from "../../ffi/lazy.ts";

type Table = Record<string, (...args: unknown[]) => unknown>;

test("a function is bound at its first call, once, and takes its place in the table", () => {
  const table: Table = {};
  let bound = 0;
  const add = (...args: unknown[]) => Number(args[0]) + Number(args[1]);
  bindLater(table, "add", () => (bound++, add));
  const early = table["add"]!;
  expect(bound).toBe(0);
  expect(table["add"]!(1, 2)).toBe(3);
  expect(table["add"]).toBe(add);
  expect(early(3, 4)).toBe(7);
  expect(bound).toBe(1);
});

test("what other code has put into the table stays there", () => {
  const table: Table = {};
  bindLater(table, "one", () => () => 1);
  const early = table["one"]!, own = () => 2;
  table["one"] = own;
  expect(early()).toBe(1);
  expect(table["one"]).toBe(own);
});

test("a function that cannot be bound is tried again, and its error is the caller's", () => {
  const table: Table = {};
  let tries = 0;
  bindLater(table, "none", () => {
    throw new RangeError(`try ${++tries}`);
  });
  expect(() => table["none"]!()).toThrow("try 1");
  expect(() => table["none"]!()).toThrow("try 2");
});
