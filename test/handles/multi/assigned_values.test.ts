import { expect, test } from "vitest";
import { AssignedValues } from "../../../src/handles/multi/assigned_values.ts";

/** A small generator with a seed (mulberry32): a failing sequence can be run again. */
function random(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** What libcurl and the table hold together, said with plain maps. */
class Model {
  /** libcurl's side: the id that it would pass for an fd. */
  readonly sockptr = new Map<number, number>();
  readonly values = new Map<number, unknown>();

  assign(fd: number, id: number, value: unknown): void {
    this.sockptr.set(fd, id);
    this.values.set(fd, value);
  }

  remove(fd: number): void {
    this.sockptr.delete(fd);
    this.values.delete(fd);
  }
}

test("an id maps to its value until the fd is removed", () => {
  const table = new AssignedValues();
  const value = {};
  const id = table.reserve(value);
  table.bind(7, id);
  expect(table.value(id)).toBe(value);
  expect(table.size).toBe(1);
  table.remove(7);
  expect(table.value(id)).toBeUndefined();
  expect(table.size).toBe(0);
});

test("binding an fd again forgets its previous value", () => {
  const table = new AssignedValues();
  const first = table.reserve("first"), second = table.reserve("second");
  table.bind(7, first);
  table.bind(7, second);
  expect(table.value(first)).toBeUndefined();
  expect(table.value(second)).toBe("second");
  expect(table.size).toBe(1);
});

test("an id that libcurl refused is freed", () => {
  const table = new AssignedValues();
  const id = table.reserve("refused");
  table.cancel(id);
  expect(table.value(id)).toBeUndefined();
  expect(table.size).toBe(0);
});

test("0 is no id, and removing an unknown fd or cancelling an unknown id is no error", () => {
  const table = new AssignedValues();
  expect(table.reserve("a")).toBeGreaterThan(0);
  expect(table.value(0)).toBeUndefined();
  table.remove(99);
  table.cancel(0);
  table.cancel(12345);
  expect(table.size).toBe(1);
});

test("undefined and null are values like others", () => {
  const table = new AssignedValues();
  table.bind(1, table.reserve(null));
  table.bind(2, table.reserve(undefined));
  expect(table.size).toBe(2);
});

test("ids are small integers that are not used twice", () => {
  const table = new AssignedValues();
  const ids = new Set<number>();
  for (let i = 0; i < 10_000; i++) {
    const id = table.reserve(i);
    ids.add(id);
    table.bind(i % 10, id);
  }
  expect(ids.size).toBe(10_000);
  expect(Math.max(...ids)).toBe(10_000);
  expect(table.size).toBe(10);
  table.clear();
  expect(table.size).toBe(0);
});

for (let seed = 1; seed <= 25; seed++) {
  test(`2,000 random calls agree with a plain Map (seed ${seed})`, () => {
    const next = random(seed);
    const table = new AssignedValues(), model = new Model();
    const retired: number[] = []; // ids that must be dead for good
    const retire = (fd: number) => {
      const id = model.sockptr.get(fd);
      if (id !== undefined) retired.push(id);
    };
    for (let i = 0; i < 2000; i++) {
      const fd = next(12);
      switch (next(8)) {
        case 0: // REMOVE, or assign(fd, undefined)
        case 1:
          retire(fd);
          model.remove(fd);
          table.remove(fd);
          break;
        case 2: { // libcurl does not know the fd
          const id = table.reserve({ refused: i });
          table.cancel(id);
          retired.push(id);
          break;
        }
        case 3:
          if (next(50) > 0) break;
          for (const known of model.sockptr.keys()) retire(known);
          model.sockptr.clear();
          model.values.clear();
          table.clear();
          break;
        default: {
          const value = { assigned: i }, id = table.reserve(value);
          retire(fd);
          model.assign(fd, id, value);
          table.bind(fd, id);
        }
      }
      expect(table.size).toBe(model.values.size);
      for (const [known, id] of model.sockptr) {
        if (table.value(id) !== model.values.get(known)) {
          throw new Error(`step ${i}: fd ${known} has a wrong value`);
        }
      }
    }
    expect(new Set(retired).size).toBe(retired.length);
    for (const id of retired) expect(table.value(id)).toBeUndefined();
  });
}
