import { describe, expect, test } from "vitest";
import { type CurlEasyError, escape, parseDate, unescape } from "../../mod.ts";

function codeOf(call: () => unknown): [string, string] {
  try {
    call();
  } catch (error) {
    const { codeName, message } = error as CurlEasyError;
    return [codeName, message];
  }
  throw new Error("expected an error");
}

describe("escape() and unescape()", () => {
  test.each([
    ["", ""],
    ["a b/ü", "a%20b%2F%C3%BC"],
    ["AZaz09-._~", "AZaz09-._~"],
    ["a\0b\r\n", "a%00b%0D%0A"],
    ["100%+1", "100%25%2B1"],
    ["🦆", "%F0%9F%A6%86"],
    ["\ufeffx", "%EF%BB%BFx"],
  ])("%o is escaped as %o, and back", (text, escaped) => {
    expect(escape(text)).toBe(escaped);
    expect(escape(new TextEncoder().encode(text))).toBe(escaped);
    expect(unescape(escaped)).toBe(text);
    expect(unescape(new TextEncoder().encode(escaped))).toBe(text);
  });

  test("every byte goes there and back", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const escaped = escape(bytes);
    expect(escaped).toMatch(/^(%[0-9A-F]{2}|[A-Za-z0-9._~-])+$/);
    // they are no UTF-8, so each is a character
    expect(Array.from(unescape(escaped), (one) => one.charCodeAt(0))).toEqual([...bytes]);
  });

  test("only the bytes of a view are read", () => {
    const whole = new TextEncoder().encode("abcdef");
    expect(escape(whole.subarray(2, 4))).toBe("cd");
    expect(unescape(whole.subarray(2, 4))).toBe("cd");
  });

  test("what is no escape stays as it is, and a plus too", () => {
    for (const text of ["%", "%4", "%zz", "a+b", "%%41"]) {
      expect(unescape(text)).toBe(text.replace("%41", "A"));
    }
  });

  test("what is too long for libcurl is refused, or done", () => {
    const long = "a b".repeat(4_000_000);
    try {
      expect(escape(long)).toBe("a%20b".repeat(4_000_000));
    } catch (error) {
      expect((error as CurlEasyError).codeName).toBe("CURLE_OUT_OF_MEMORY");
    }
  });

  test.each([undefined, null, 1, {}, [], () => {}, 1n, Symbol("x")])(
    "%o is refused",
    (value) => {
      for (const call of [escape, unescape]) {
        const [codeName, message] = codeOf(() => call(value as string));
        expect(codeName).toBe("CURLE_BAD_FUNCTION_ARGUMENT");
        expect(message).toMatch(/^Cannot (un)?escape the text: expected a string or bytes, got /);
      }
    },
  );
});

describe("parseDate()", () => {
  test.each([
    ["Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
    ["Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
    ["Sun Nov  6 08:49:37 1994", "1994-11-06T08:49:37.000Z"],
    ["06 Nov 1994 08:49:37 +0200", "1994-11-06T06:49:37.000Z"],
    ["06 Nov 1994", "1994-11-06T00:00:00.000Z"],
    ["20040912 15:05:58 -0700", "2004-09-12T22:05:58.000Z"],
    ["Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z"],
    ["Fri, 31 Dec 2100 23:59:59 GMT", "2100-12-31T23:59:59.000Z"],
  ])("%s is a date", (text, iso) => {
    expect(parseDate(text)?.toISOString()).toBe(iso);
  });

  test.each([
    "",
    "x",
    "yesterday",
    "06 Nov 1994\0",
    "99 Foo 1994",
    "Sun, 06 Nov 1994 25:00:00 GMT",
  ])(
    "%o is none",
    (text) => {
      expect(parseDate(text)).toBeNull();
    },
  );

  test.each([undefined, null, 0, new Date(0), {}, new Uint8Array(3)])("%o is refused", (value) => {
    const [codeName, message] = codeOf(() => parseDate(value as string));
    expect(codeName).toBe("CURLE_BAD_FUNCTION_ARGUMENT");
    expect(message).toMatch(/^Cannot parse the date: expected a string, got /);
  });
});

test("a date that a Date cannot hold is none", () => {
  expect(parseDate("Sun, 06 Nov 275761 08:49:37 GMT")).toBeNull();
});
