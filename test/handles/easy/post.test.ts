// POSTFIELDS and its kin: what the server gets, and that libcurl never reads beyond it.
import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { live } from "../../../ffi/memory.ts";
import { Easy, type EasyOptions } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { codeOf, type Echo, failure, get, header, Transfer, utf8 } from "../easy_support.ts";

const server = useServer("http");

function post(options: EasyOptions): Echo {
  using easy = get(server.url("/echo"), options);
  return easy.json as Echo;
}

const body = (echo: Echo) => Buffer.from(echo.body, "base64").toString("utf8");

describe.each(["POSTFIELDS", "COPYPOSTFIELDS"] as const)("%s", (name) => {
  test("is a string, sent as UTF-8 with its length", () => {
    const echo = post({ [name]: "naïve=東京" });
    expect(echo.method).toBe("POST");
    expect(body(echo)).toBe("naïve=東京");
    expect(header(echo, "content-length")).toBe(String(utf8("naïve=東京").length));
  });

  test("is bytes, NUL included, as a view of a part or as a buffer", () => {
    const bytes = utf8("\0a\0b\0");
    expect(body(post({ [name]: bytes }))).toBe("\0a\0b\0");
    expect(body(post({ [name]: bytes.subarray(1, 4) }))).toBe("a\0b");
    expect(body(post({ [name]: bytes.buffer }))).toBe("\0a\0b\0");
    expect(body(post({ [name]: new DataView(bytes.buffer, 3) as never }))).toBe("b\0");
  });

  test("a string may hold a NUL, since its length goes with it", () => {
    expect(body(post({ [name]: "a\0b" }))).toBe("a\0b");
  });

  test.each([["a string", ""], ["bytes", new Uint8Array(0)]])("may be empty: %s", (_, value) => {
    const echo = post({ [name]: value });
    expect([echo.method, echo.length, header(echo, "content-length")]).toEqual(["POST", 0, "0"]);
  });

  test("is a copy: the bytes may change after the call", () => {
    const bytes = utf8("before");
    using easy = new Transfer(server.url("/echo"), { [name]: bytes });
    bytes.fill(0);
    expect(body(easy.run().json)).toBe("before");
  });

  test("is sent again by the next perform, and replaced by the next value", () => {
    using easy = new Transfer(server.url("/sink"), { [name]: "x".repeat(100_000) });
    for (const size of [100_000, 100_000]) {
      easy.perform();
      expect(easy.getInfo("SIZE_UPLOAD_T")).toBe(size);
    }
    easy.setOpt(name, "short");
    easy.perform();
    expect(easy.getInfo("SIZE_UPLOAD_T")).toBe(5);
  });

  test("goes through a redirect that keeps the method", () => {
    const url = server.url("/redirect-to?url=/echo&status=307");
    using easy = get(url, { [name]: "kept", FOLLOWLOCATION: true });
    expect(body(easy.json)).toBe("kept");
  });

  test("null frees it, and HTTPGET makes a GET of the handle again", () => {
    const { blocks } = live;
    using easy = new Transfer(server.url("/echo"), { [name]: "body" });
    easy.setOpt(name, null);
    easy.setOpt("HTTPGET", true);
    expect(easy.run().json).toMatchObject({ method: "GET", length: 0 });
    expect(live.blocks).toBe(blocks + 1); // the error buffer
  });

  test.each([[1], [{}], [["a"]], [true]])("refuses %o", (value) => {
    using easy = new Easy();
    expect(codeOf(() => easy.setOpt(name, value as never))).toBe(43);
  });

  test("a smaller POSTFIELDSIZE sends a part", () => {
    expect(body(post({ [name]: "abcdef", POSTFIELDSIZE: 3 }))).toBe("abc");
    expect(body(post({ [name]: "abcdef", POSTFIELDSIZE_LARGE: 2n }))).toBe("ab");
    expect(body(post({ [name]: "abcdef", POSTFIELDSIZE: 0 }))).toBe("");
  });

  test("a POSTFIELDSIZE beyond the bytes is refused, where libcurl would send the memory after them", () => {
    using easy = new Transfer(server.url("/echo"), { [name]: "abc" });
    for (const option of ["POSTFIELDSIZE", "POSTFIELDSIZE_LARGE"] as const) {
      expect(failure(() => easy.setOpt(option, 4))).toMatchObject({
        code: 43,
        message: expect.stringContaining(option),
      });
      expect(codeOf(() => easy.setOpt(option, 500_000_000))).toBe(43);
    }
    using copy = easy.duplicate();
    expect(codeOf(() => copy.setOpt("POSTFIELDSIZE", 4))).toBe(43);
    expect(body(easy.run().json)).toBe("abc");
  });

  test("a POSTFIELDSIZE of -1 or null is all of it, where libcurl would look for a NUL", () => {
    for (const size of [-1, null]) {
      expect(body(post({ [name]: "sixteen bytes !!", POSTFIELDSIZE: size }))).toHaveLength(16);
      expect(body(post({ [name]: "sixteen bytes !!", POSTFIELDSIZE_LARGE: size }))).toHaveLength(
        16,
      );
    }
  });
});

/** The body of the last of several requests. */
const lastBody = ({ text }: Transfer): string =>
  body(JSON.parse(text.slice(text.lastIndexOf('{"method"'))));

describe.each(["POSTFIELDS", "COPYPOSTFIELDS"] as const)("%s after its size", (name) => {
  describe.each(["POSTFIELDSIZE", "POSTFIELDSIZE_LARGE"] as const)("%s", (size) => {
    test("sends that many bytes", () => {
      for (const data of ["hello world", utf8("hello world")]) {
        expect(body(post({ [size]: 5, [name]: data }))).toBe("hello");
        expect(body(post({ [size]: 0, [name]: data }))).toBe("");
        expect(body(post({ [size]: 11, [name]: data }))).toBe("hello world");
        expect(body(post({ [size]: -1, [name]: data }))).toBe("hello world");
      }
      expect(body(post({ [size]: 3, [name]: "a\0b\0c" }))).toBe("a\0b");
    });

    test("beyond the bytes is refused", () => {
      for (const [more, data] of [[1, ""], [4, "abc"], [2 ** 31 - 1, "abc"]] as const) {
        using easy = new Easy();
        easy.setOpt(size, more);
        expect(codeOf(() => easy.setOpt(name, data))).toBe(43);
        easy.setOpt(size, null);
        easy.setOpt(name, data);
      }
    });

    test("is taken for each body of a handle that is used again, in either order", () => {
      using easy = new Transfer(server.url("/echo"), {});
      for (const length of [3, 10, 1, 20, 0, 7]) {
        const data = "0123456789".repeat(3);
        easy.setOpts({ [size]: length, [name]: data.slice(0, length + 1) });
        expect(lastBody(easy.run())).toBe(data.slice(0, length));
        easy.setOpts({ [name]: data.slice(0, length + 2), [size]: length });
        expect(lastBody(easy.run())).toBe(data.slice(0, length));
      }
    });

    test("stays for the bytes that follow, as far as they have that many", () => {
      using easy = new Transfer(server.url("/echo"), { [size]: 3, [name]: "abcdef" });
      const bodies = ["abcdef", "uvwxyz", "xy", "abcdef"].map((data) => {
        easy.setOpt(name, data);
        return lastBody(easy.run());
      });
      expect(bodies).toEqual(["abc", "uvw", "xy", "abcdef"]);
    });

    test("is forgotten by reset(), and known to a duplicate", () => {
      using easy = new Easy();
      easy.setOpt(size, 3);
      using copy = easy.duplicate();
      expect(codeOf(() => copy.setOpt(name, "ab"))).toBe(43);
      easy.reset();
      easy.setOpt(name, "ab");
    });
  });
});

test("one replaces the other", () => {
  expect(body(post({ POSTFIELDS: "first", COPYPOSTFIELDS: "second" }))).toBe("second");
  using easy = new Transfer(server.url("/echo"), { COPYPOSTFIELDS: "second" });
  easy.setOpt("POSTFIELDS", "first");
  expect(body(easy.run().json)).toBe("first");
});

test("without POSTFIELDS the size is that of what READFUNCTION gives", () => {
  const echo = post({
    POST: true,
    POSTFIELDSIZE_LARGE: 4,
    READFUNCTION: (buffer) => (buffer.set(utf8("read")), 4),
  });
  expect(body(echo)).toBe("read");
});
