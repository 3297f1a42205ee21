// Which values a header may have, by every character at every place.
import { expect, test } from "vitest";
import { readHeaders } from "../../../src/http/request/headers.ts";

/** The rule of the fetch standard, for one value. */
function ruled(value: string): string | null {
  let [start, end] = [0, value.length];
  while (start < end && "\t\n\r ".includes(value[start]!)) start++;
  while (end > start && "\t\n\r ".includes(value[end - 1]!)) end--;
  const units = Array.from({ length: end - start }, (_, i) => value.charCodeAt(start + i));
  const isAllowed = units.every((unit) => unit <= 0xff && ![0, 10, 13].includes(unit));
  return isAllowed ? value.slice(start, end) : null;
}

function given(value: string): string | null {
  try {
    return readHeaders([["x-a", value]])[0]![1];
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return null;
  }
}

test("every character is taken, trimmed or refused at each place of a value", () => {
  const seen = new Set<boolean>();
  for (let code = 0; code <= 0x120; code++) {
    const one = String.fromCharCode(code);
    const values = [one, `${one}ab`, `a${one}b`, `ab${one}`, ` ${one} `, `a ${one}`, `${one} \tb`];
    for (const value of values) {
      expect([code, value, given(value)]).toEqual([code, value, ruled(value)]);
      seen.add(given(value) === null);
    }
  }
  expect(seen.size).toBe(2);
  expect([given(""), given("  ")]).toEqual(["", ""]);
});
