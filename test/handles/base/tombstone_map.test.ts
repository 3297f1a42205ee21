// A map that keeps the entry of a deleted value, since the same key returns soon.
import { expect, test } from "vitest";
import { TombstoneMap } from "../../../src/handles/base/tombstone_map.ts";

const one = { name: "one" }, two = { name: "two" };

test("has the values that were set, and counts each key once", () => {
  const map = new TombstoneMap<{ name: string }>();
  map.set(1, one);
  map.set(2, two);
  map.set(1, one);
  expect(map.size).toBe(2);
  expect([map.get(1), map.get(2), map.get(3)]).toEqual([one, two, undefined]);
  expect([...map]).toEqual([one, two]);
});

test("deletes a value, and returns whether there was one", () => {
  const map = new TombstoneMap<{ name: string }>();
  map.set(1, one);
  expect([map.delete(1), map.delete(1), map.delete(2)]).toEqual([true, false, false]);
  expect([map.size, map.get(1), [...map]]).toEqual([0, undefined, []]);
  map.set(1, two);
  expect([map.size, map.get(1), [...map]]).toEqual([1, two, [two]]);
  map.clear();
  expect([map.size, [...map]]).toEqual([0, []]);
});

test("with keys that never return it does not grow, and keeps every value", () => {
  const map = new TombstoneMap<{ name: string }>();
  map.set(0, one);
  for (let key = 1; key <= 10_000; key++) {
    map.set(key, two);
    expect(map.delete(key)).toBe(true);
  }
  expect([map.size, map.get(0), [...map]]).toEqual([1, one, [one]]);
  expect(map.entries).toBeLessThan(2000);
});

test("a value may be deleted while the map is iterated", () => {
  const map = new TombstoneMap<{ name: string }>();
  for (let key = 0; key < 5000; key++) map.set(key, { name: `${key}` });
  const seen: string[] = [];
  for (const { name } of map) {
    seen.push(name);
    map.delete(Number(name));
  }
  expect(seen).toHaveLength(5000);
  expect(map.size).toBe(0);
});
