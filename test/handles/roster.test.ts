// Who is in, by a number: also when everyone leaves and comes back, again and again.
import { expect, test } from "vitest";
import { TombstoneMap } from "../../src/handles/base/tombstone_map.ts";

const one = { name: "one" }, two = { name: "two" };

test("has those who are in, and counts them once", () => {
  const roster = new TombstoneMap<{ name: string }>();
  roster.set(1, one);
  roster.set(2, two);
  roster.set(1, one);
  expect(roster.size).toBe(2);
  expect([roster.get(1), roster.get(2), roster.get(3)]).toEqual([one, two, undefined]);
  expect([...roster]).toEqual([one, two]);
});

test("lets them go, and says whether there was one", () => {
  const roster = new TombstoneMap<{ name: string }>();
  roster.set(1, one);
  expect([roster.delete(1), roster.delete(1), roster.delete(2)]).toEqual([true, false, false]);
  expect([roster.size, roster.get(1), [...roster]]).toEqual([0, undefined, []]);
  roster.set(1, two);
  expect([roster.size, roster.get(1), [...roster]]).toEqual([1, two, [two]]);
  roster.clear();
  expect([roster.size, [...roster]]).toEqual([0, []]);
});

test("with numbers that never come back it does not grow, and forgets nobody", () => {
  const roster = new TombstoneMap<{ name: string }>();
  roster.set(0, one);
  for (let key = 1; key <= 10_000; key++) {
    roster.set(key, two);
    expect(roster.delete(key)).toBe(true);
  }
  expect([roster.size, roster.get(0), [...roster]]).toEqual([1, one, [one]]);
  expect(roster.entries).toBeLessThan(2000);
});

test("one may leave while others are looked at", () => {
  const roster = new TombstoneMap<{ name: string }>();
  for (let key = 0; key < 5000; key++) roster.set(key, { name: `${key}` });
  const seen: string[] = [];
  for (const { name } of roster) {
    seen.push(name);
    roster.delete(Number(name));
  }
  expect(seen).toHaveLength(5000);
  expect(roster.size).toBe(0);
});
