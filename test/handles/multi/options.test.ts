import { describe, expect, test } from "vitest";
import { multiOptions, type OptionRow } from "../../../ffi/curl/options.ts";
import { constants, Multi } from "../../../mod.ts";
import { multiCode, multiError, versionNum } from "./support.ts";

const rows = Object.entries(multiOptions) as [string, OptionRow][];

/** `setOpt` as a caller without types has it. */
function set(multi: Multi, option: unknown, value: unknown): void {
  (multi.setOpt as (option: unknown, value: unknown) => void).call(multi, option, value);
}

const BAD_NUMBERS = ["x", "1", NaN, 1.5, Infinity, {}, [], undefined, () => 1, Symbol("s")];
const RIGHT: Record<string, readonly unknown[]> = {
  long: [0, 1, 5, true, false],
  off_t: [0, 1, 5, true, false, 2 ** 40, 5n],
  function: [() => 0, null],
  cbptr: [1, "text", null, undefined, {}, Symbol("s"), 1n, () => 1],
  object: [[], ["Server/1.0"], null],
};
const WRONG: Record<string, readonly unknown[]> = {
  long: [...BAD_NUMBERS, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 1n],
  off_t: [...BAD_NUMBERS, 2 ** 63, 2n ** 63n],
  function: [0, 1, "f", {}, undefined, true],
  cbptr: [],
  object: ["x", 1, {}, undefined, true],
};

describe.each(rows)("%s", (name, row) => {
  const tooOld = row.since > versionNum;

  if (!tooOld) {
    test("takes right values, by name and by number", () => {
      for (const option of [name, row.id]) {
        for (const value of RIGHT[row.kind]!) {
          if (name === "RESOLVE_THREADS_MAX" && !value) continue; // one thread there must be
          using multi = new Multi();
          expect(() => set(multi, option, value)).not.toThrow();
        }
      }
    });
  }

  test("refuses wrong values with CURLM_BAD_FUNCTION_ARGUMENT, and says what it wants", () => {
    using multi = new Multi();
    for (const value of WRONG[row.kind]!) {
      const error = multiError(() => set(multi, name, value));
      expect(error.code).toBe(constants.CURLM_BAD_FUNCTION_ARGUMENT);
      expect(error.codeName).toBe("CURLM_BAD_FUNCTION_ARGUMENT");
      expect(error.message).toContain(`Cannot set ${name}: expected`);
    }
  });

  const isNumber = row.kind === "long" || row.kind === "off_t";
  if (isNumber && !tooOld) {
    test("null restores a documented default, and fails without one", () => {
      using multi = new Multi();
      const code = row.default === undefined ? constants.CURLM_BAD_FUNCTION_ARGUMENT : 0;
      if (code === 0) set(multi, name, null);
      else expect(multiCode(() => set(multi, name, null))).toBe(code);
    });
  }

  if (tooOld && row.kind !== "cbptr") {
    test(
      "is CURLM_UNKNOWN_OPTION for a libcurl that is older than the option",
      () => {
        using multi = new Multi();
        const value = row.kind === "function" ? () => 0 : 1;
        expect(multiCode(() => set(multi, name, value))).toBe(constants.CURLM_UNKNOWN_OPTION);
      },
    );
  }
});

test("an unknown option is CURLM_UNKNOWN_OPTION", () => {
  using multi = new Multi();
  const unknown = ["NOPE", "", "toString", "__proto__", "CURLMOPT_MAXCONNECTS", "maxconnects"];
  for (const option of [...unknown, 0, -1, 99999, NaN, 1.5, null, undefined, {}, 6n, Symbol("s")]) {
    const error = multiError(() => set(multi, option, 1));
    expect(error.code).toBe(constants.CURLM_UNKNOWN_OPTION);
    expect(error.codeName).toBe("CURLM_UNKNOWN_OPTION");
  }
  expect(multiError(() => set(multi, "NOPE", 1)).message).toContain("NOPE");
});

test("a wrong call leaves the handle as it was", () => {
  using multi = new Multi();
  multi.setOpt("MAX_TOTAL_CONNECTIONS", 5);
  expect(multiCode(() => set(multi, "MAX_TOTAL_CONNECTIONS", "x"))).toBe(10);
  expect(multi.perform()).toBe(0);
});

test("a closed handle is CURLM_BAD_HANDLE for each kind of option", () => {
  const multi = new Multi();
  multi.close();
  for (const [name, row] of rows) {
    expect(multiCode(() => set(multi, name, RIGHT[row.kind]![0]))).toBe(1);
  }
});

test("the types know each option's value", () => {
  using multi = new Multi();
  // @ts-expect-error a number is wanted
  expect(multiCode(() => multi.setOpt("MAXCONNECTS", "x"))).toBe(10);
  // @ts-expect-error a function is wanted
  expect(multiCode(() => multi.setOpt("SOCKETFUNCTION", 1))).toBe(10);
  // @ts-expect-error there is no such option
  expect(multiCode(() => multi.setOpt("NO_SUCH_OPTION", 1))).toBe(6);
  multi.setOpt("MAXCONNECTS", 10);
  multi.setOpt("CHUNK_LENGTH_PENALTY_SIZE", 10n);
});
