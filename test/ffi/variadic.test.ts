// How a variadic C function is called through a fixed prototype, on each kind of processor.
import { describe, expect, test } from "vitest";
import { variadics } from "../../ffi/curl/functions.ts";
import { padVariadic, variadicArgs, variadicsOnStack } from "../../ffi/libc.ts";
import { library, native } from "../../ffi/mod.ts";
import { bytesAt, cString, result } from "../../ffi/memory.ts";

const CURLOPT_PRIVATE = 10103, CURLOPT_URL = 10002, CURLOPT_PORT = 3;
const CURLOPT_RESUME_FROM_LARGE = 30116;
const CURLINFO_PRIVATE = 0x100015, CURLINFO_EFFECTIVE_URL = 0x100001;

describe("the parameter types", () => {
  const shapes = Object.entries(variadics).flatMap(([name, { fixed, shapes }]) =>
    Object.entries(shapes).map(([shape, types]) => ({ name, shape, fixed, types }))
  );

  test.each(shapes)("of $name.$shape are C's where variadics go into registers", (row) => {
    expect(variadicArgs(row.fixed, row.types, false)).toEqual([...row.fixed, ...row.types]);
  });

  test.each(shapes)("of $name.$shape fill Apple's eight registers before the stack", (row) => {
    const args = variadicArgs(row.fixed, row.types, true);
    expect(args.slice(0, row.fixed.length)).toEqual(row.fixed);
    const padding = args.slice(row.fixed.length, 8);
    expect(padding).toHaveLength(8 - row.fixed.length);
    expect(new Set(padding)).toEqual(new Set(["usize"]));
    expect(args.slice(8)).toEqual(row.types); // the ninth argument is the first on the stack
  });

  test("the system's own choice is that of its processor", () => {
    expect(variadicsOnStack).toBe(native.os === "darwin" && native.arch === "aarch64");
    expect(variadicArgs(["pointer", "i32"], ["long"])).toHaveLength(variadicsOnStack ? 9 : 3);
  });
});

describe("the arguments", () => {
  const record = () => {
    const calls: unknown[][] = [];
    return { calls, call: (...args: unknown[]) => void calls.push(args) };
  };

  test("go as they are where variadics go into registers", () => {
    const { call } = record();
    expect(padVariadic(call, 2, false)).toBe(call);
  });

  test("are moved behind zeros on Apple's arm64, whatever the number of fixed ones", () => {
    for (const fixed of [1, 2, 3]) {
      const { calls, call } = record();
      const given = Array.from({ length: fixed }, (_, i) => `fixed ${i}`);
      padVariadic(call, fixed, true)(...given, "value", "more");
      expect(calls).toEqual([[...given, ...new Array(8 - fixed).fill(0), "value", "more"]]);
    }
  });

  test("keep the result", () => {
    expect(padVariadic((...args: number[]) => args.length, 2, true)(1, 2, 3)).toBe(9);
  });

  test("fit the types: as many arguments as parameters", () => {
    for (const { fixed, shapes } of Object.values(variadics)) {
      for (const types of Object.values(shapes)) {
        const { calls, call } = record();
        padVariadic(call, fixed.length, true)(...new Array(fixed.length + types.length).fill(1));
        expect(calls[0]).toHaveLength(variadicArgs(fixed, types, true).length);
      }
    }
  });
});

describe("each shape of curl_easy_setopt and curl_easy_getinfo, by an effect read back", () => {
  const { curl_easy_init, curl_easy_cleanup, curl_easy_setopt, curl_easy_getinfo } =
    library().symbols;

  function withEasy(use: (easy: ReturnType<typeof curl_easy_init>) => void): void {
    const easy = curl_easy_init();
    try {
      use(easy);
    } finally {
      curl_easy_cleanup(easy);
    }
  }

  test("pointer, up to 2^47", () => {
    withEasy((easy) => {
      for (const address of [1, 0xffffffff, 0x100000000, 0x7fffffffffff]) {
        expect(curl_easy_setopt.pointer(easy, CURLOPT_PRIVATE, native.pointer(address))).toBe(0);
        expect(curl_easy_getinfo.out(easy, CURLINFO_PRIVATE, result.i32)).toBe(0);
        expect(result.address()).toBe(address);
      }
    });
  });

  test("off_t, with its sign and as a bigint", () => {
    withEasy((easy) => {
      for (const value of [0, 1, 2 ** 40, -1, 2n ** 62n, -(2n ** 63n)]) {
        expect(curl_easy_setopt.off_t(easy, CURLOPT_PRIVATE, value)).toBe(0);
        expect(curl_easy_getinfo.out(easy, CURLINFO_PRIVATE, result.i32)).toBe(0);
        expect(result.i64[0]).toBe(BigInt(value));
      }
      expect(curl_easy_setopt.off_t(easy, CURLOPT_RESUME_FROM_LARGE, 2 ** 40)).toBe(0);
    });
  });

  test("long, with its sign: libcurl refuses a port that is none", () => {
    withEasy((easy) => {
      for (const [port, code] of [[65535, 0], [65536, 43], [-1, 43]] as const) {
        expect([port, curl_easy_setopt.long(easy, CURLOPT_PORT, port)]).toEqual([port, code]);
      }
    });
  });

  test("buffer, a string that libcurl copies", () => {
    withEasy((easy) => {
      expect(curl_easy_setopt.buffer(easy, CURLOPT_URL, cString("http://x/é"))).toBe(0);
      cString("overwritten");
      expect(curl_easy_getinfo.out(easy, CURLINFO_EFFECTIVE_URL, result.i32)).toBe(0);
      expect(native.string(result.pointer())).toBe("http://x/é");
      expect(bytesAt(result.pointer(), 4)).toEqual(new TextEncoder().encode("http"));
    });
  });
});
