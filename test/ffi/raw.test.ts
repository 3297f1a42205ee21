// The functions of `./ffi` that no class of curlew wraps, called by their C names.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { headerCodes } from "../../ffi/curl/codes.ts";
import { flags } from "../../ffi/curl/flags.ts";
import { easyOptions } from "../../ffi/curl/options.ts";
import { bytesAt, result, Struct, utf8 } from "../../ffi/memory.ts";
import { library, native, type NonNullPointer, type Pointer } from "../../ffi/mod.ts";
import { versionInfo } from "../../mod.ts";
import { runChild } from "../server/child.ts";
import { useServer } from "../use.ts";
import { libcurl } from "../versions.ts";

const { symbols, version } = library();
const c = (text: string) => utf8(text + "\0");

/** A string that libcurl made for the caller, who frees it. */
function taken(pointer: Pointer): string | null {
  const text = native.string(pointer);
  if (pointer !== null) symbols.curl_free(pointer);
  return text;
}

describe("strings", () => {
  test("curl_easy_escape and curl_escape encode all but letters, digits and -._~", () => {
    const easy = symbols.curl_easy_init();
    for (const handle of [easy, null]) {
      expect(taken(symbols.curl_easy_escape(handle, c("a b/ü-._~"), 0))).toBe("a%20b%2F%C3%BC-._~");
      expect(taken(symbols.curl_easy_escape(handle, utf8("a\0b"), 3))).toBe("a%00b");
    }
    expect(taken(symbols.curl_escape(c("a&b"), 0))).toBe("a%26b");
    expect(symbols.curl_easy_escape(easy, c("a"), -1)).toBeNull();
    symbols.curl_easy_cleanup(easy);
  });

  test("curl_easy_unescape and curl_unescape decode, and the first tells the length", () => {
    const easy = symbols.curl_easy_init();
    result.i64[0] = -1n;
    const decoded = symbols.curl_easy_unescape(easy, c("%41%00b%ff"), 0, result.i32);
    expect([...bytesAt(decoded, result.i32[0] as number)]).toEqual([0x41, 0, 0x62, 0xff]);
    symbols.curl_free(decoded);
    expect(taken(symbols.curl_easy_unescape(null, c("a+b"), 0, null))).toBe("a+b");
    expect(taken(symbols.curl_unescape(c("%7e%7E%"), 0))).toBe("~~%");
    symbols.curl_easy_cleanup(easy);
  });

  test("curl_strequal and curl_strnequal ignore the case of ASCII", () => {
    expect(symbols.curl_strequal(c("Content-Type"), c("CONTENT-TYPE"))).not.toBe(0);
    expect(symbols.curl_strequal(c("a"), c("b"))).toBe(0);
    expect(symbols.curl_strequal(c("ä"), c("Ä"))).toBe(0);
    expect(symbols.curl_strnequal(c("abcX"), c("ABCy"), 3)).not.toBe(0);
    expect(symbols.curl_strnequal(c("abcX"), c("ABCy"), 4)).toBe(0);
  });

  test("curl_getenv reads the environment of the process", () => {
    expect(taken(symbols.curl_getenv(c("PATH")))).toMatch(/./);
    expect(taken(symbols.curl_getenv(c("CURLEW_NO_SUCH_VARIABLE")))).toBeNull();
  });

  test("curl_getdate understands the dates of HTTP", () => {
    const dates = [
      "Sun, 06 Nov 1994 08:49:37 GMT",
      "Sunday, 06-Nov-94 08:49:37 GMT",
      "Sun Nov  6 08:49:37 1994",
      "06 Nov 1994 09:49:37 +0100",
    ];
    for (const date of dates) {
      expect([date, symbols.curl_getdate(c(date), null)]).toEqual([date, 784111777]);
    }
    expect(symbols.curl_getdate(c("no date"), null)).toBe(-1);
  });

  test("curl_version tells the version and the TLS library", () => {
    const text = native.string(symbols.curl_version());
    expect(text).toMatch(new RegExp(`^libcurl(-\\w+)?/${version.replaceAll(".", "\\.")} `));
    expect(text).toContain(versionInfo().ssl ?? "");
  });

  test("curl_slist_append makes a list that curl_slist_free_all frees", () => {
    const first = symbols.curl_slist_append(null, c("one"));
    expect(symbols.curl_slist_append(first, c("two"))).toEqual(first);
    const head = new Struct(first as NonNullPointer, 16);
    const next = new Struct(head.pointer(8) as NonNullPointer, 16);
    expect([head.string(0), next.string(0), next.pointer(8)]).toEqual(["one", "two", null]);
    symbols.curl_slist_free_all(first);
  });
});

test("the option functions name each option, and lead from one to the next", () => {
  // const char *name @0; CURLoption id @8; curl_easytype type @12; unsigned flags @16
  const at = (option: Pointer) => new Struct(option as NonNullPointer, 20);
  const url = symbols.curl_easy_option_by_name(c("uRl"));
  expect([at(url).string(0), at(url).i32(8)]).toEqual(["URL", easyOptions.URL.id]);
  expect(symbols.curl_easy_option_by_id(easyOptions.URL.id)).toEqual(url);
  expect(symbols.curl_easy_option_by_name(c("NO_SUCH_OPTION"))).toBeNull();
  expect(symbols.curl_easy_option_by_id(999_999)).toBeNull();
  const names: (string | null)[] = [];
  for (let option = symbols.curl_easy_option_next(null); option !== null;) {
    names.push(at(option).string(0));
    option = symbols.curl_easy_option_next(option);
  }
  expect(names.length).toBeGreaterThan(250);
  expect(new Set(names).size).toBe(names.length);
});

describe("the process", () => {
  test("curl_global_sslset tells which TLS libraries there are, and that it is too late", () => {
    const { CURLSSLSET_UNKNOWN_BACKEND, CURLSSLSET_TOO_LATE, CURLSSLSET_OK } = flags;
    result.i64[0] = 0n;
    const unknown = symbols.curl_global_sslset(-1, null, result.i32);
    expect([CURLSSLSET_UNKNOWN_BACKEND, CURLSSLSET_TOO_LATE]).toContain(unknown);
    const array = new Struct(result.pointer() as NonNullPointer, 8);
    const first = new Struct(array.pointer(0) as NonNullPointer, 16); // int id @0; name @8
    const name = first.string(8) as string;
    expect(versionInfo().ssl?.toLowerCase()).toContain(name.toLowerCase());
    const known = symbols.curl_global_sslset(first.i32(0), null, null);
    expect([CURLSSLSET_OK, CURLSSLSET_TOO_LATE]).toContain(known);
  });

  test.skipIf(!libcurl.traces.holds)(`curl_global_trace takes names${libcurl.traces.note}`, () => {
    expect(symbols.curl_global_trace(c("http/2,-http/2"))).toBe(0);
    expect(symbols.curl_global_trace(c("-all"))).toBe(0);
  });

  test("curl_global_init, _init_mem and _cleanup count, and memory may be another's", async () => {
    const child = await runChild(`
      import { libc } from "#root/ffi/libc.ts";
      import { library, native, type Pointer } from "#root/ffi/mod.ts";
      const { symbols } = library(); // has initialized it once
      const c = (text: string) => new TextEncoder().encode(text + "\\0");
      const codes = [symbols.curl_global_init(3)];
      symbols.curl_global_cleanup();
      symbols.curl_global_cleanup(); // now it is not initialized any more
      const of = (name: string): Pointer => libc.dlsym(null, c(name));
      const [malloc, free, realloc, strdup] = ["malloc", "free", "realloc", "strdup"].map(of);
      let taken = 0;
      const calloc = native.callback({ args: ["usize", "usize"], result: "pointer" }, (n, size) => {
        const block = libc.malloc(BigInt(n * size || 1))!;
        native.view(block, n * size || 1).fill(0);
        taken++;
        return block;
      });
      const init = symbols.curl_global_init_mem;
      codes.push(init(3, malloc!, free!, realloc!, strdup!, null));
      codes.push(init(3, malloc!, free!, realloc!, strdup!, calloc.pointer));
      symbols.curl_free(symbols.curl_easy_escape(null, c("a b"), 0));
      const easy = symbols.curl_easy_init();
      symbols.curl_easy_cleanup(easy);
      symbols.curl_global_cleanup();
      console.log(JSON.stringify([...codes, taken > 0, easy !== null]));`);
    expect(child, child.stderr).toMatchObject({ code: 0, signal: null });
    const FAILED_INIT = 2;
    expect(JSON.parse(child.stdout)).toEqual([0, FAILED_INIT, 0, true, true]);
  });
});

describe("a transfer", () => {
  const server = useServer("http", "https");
  let easy: Pointer;
  const text = (option: number, value: string) =>
    expect(symbols.curl_easy_setopt.buffer(easy, option, c(value))).toBe(0);
  const long = (option: number, value: number) =>
    expect(symbols.curl_easy_setopt.long(easy, option, value)).toBe(0);

  beforeAll(() => {
    easy = symbols.curl_easy_init();
    text(easyOptions.URL.id, server.url("/cookies/set?a=1&b=2"));
    text(easyOptions.NOPROXY.id, "*");
    long(easyOptions.NOBODY.id, 1);
    long(easyOptions.TIMEOUT_MS.id, 5000);
  });
  afterAll(() => symbols.curl_easy_cleanup(easy));

  test.skipIf(!libcurl.headers.holds)(
    `curl_easy_header finds a header, or says why not${libcurl.headers.note}`,
    () => {
      const { CURLH_HEADER, CURLH_TRAILER } = flags;
      const code = (name: string | null, index = 0, origin: number = CURLH_HEADER, request = -1) =>
        symbols.curl_easy_header(
          easy,
          name === null ? null : c(name),
          index,
          origin,
          request,
          result.i32,
        );
      const is = (name: keyof typeof headerCodes) => headerCodes[name].code;
      expect(code("set-cookie")).toBe(is("CURLHE_NOHEADERS"));
      expect(symbols.curl_easy_perform(easy)).toBe(0);
      for (const index of [0, 1]) {
        expect(code("SET-COOKIE", index)).toBe(is("CURLHE_OK"));
        // name @0; value @8; size_t amount @16; size_t index @24
        const found = new Struct(result.pointer() as NonNullPointer, 40);
        expect([found.string(0), found.string(8), found.i64(16), found.i64(24)])
          .toEqual(["set-cookie", ["a=1; Path=/", "b=2; Path=/"][index], 2, index]);
      }
      expect(code("set-cookie", 2)).toBe(is("CURLHE_BADINDEX"));
      expect(code("x-none")).toBe(is("CURLHE_MISSING"));
      expect(code("set-cookie", 0, CURLH_TRAILER)).toBe(is("CURLHE_MISSING"));
      expect(code("set-cookie", 0, CURLH_HEADER, 1)).toBe(is("CURLHE_NOREQUEST"));
      expect(code(null)).toBe(is("CURLHE_BAD_ARGUMENT"));
      expect(code("set-cookie", 0, 0)).toBe(is("CURLHE_BAD_ARGUMENT"));
      expect(code("set-cookie", 0, 0x80)).toBe(is("CURLHE_BAD_ARGUMENT"));
      expect(code("set-cookie", 0, CURLH_HEADER, -2)).toBe(is("CURLHE_BAD_ARGUMENT"));
    },
  );

  const exports = versionInfo().features.includes("SSLS-EXPORT");
  test.skipIf(!libcurl.sslsExport.holds)(
    `curl_easy_ssls_export and _import ${
      exports ? "carry sessions over" : "are not built in here"
    }${libcurl.sslsExport.note}`,
    () => {
      text(easyOptions.URL.id, server.url("/small", "https"));
      text(easyOptions.CAINFO.id, server.ca);
      expect(symbols.curl_easy_perform(easy)).toBe(0);
      const sessions: { hash: Uint8Array<ArrayBuffer>; data: Uint8Array<ArrayBuffer> }[] = [];
      const callback = native.callback(
        {
          args: [
            ...["pointer", "pointer", "pointer", "pointer", "usize", "pointer", "usize"] as const,
            ...["i64", "i32", "pointer", "usize"] as const,
          ],
          result: "i32",
        },
        (_easy, _data, _key, hash, hashSize, data, size) => {
          sessions.push({ hash: bytesAt(hash, hashSize), data: bytesAt(data, size) });
          return 0;
        },
      );
      const NOT_BUILT_IN = 4;
      expect(symbols.curl_easy_ssls_export(easy, callback.pointer, null)).toBe(
        exports ? 0 : NOT_BUILT_IN,
      );
      expect(sessions.length > 0).toBe(exports);
      const other = symbols.curl_easy_init();
      const { hash, data } = sessions[0] ?? { hash: new Uint8Array(4), data: new Uint8Array(4) };
      const imported = symbols
        .curl_easy_ssls_import(other, null, hash, hash.length, data, data.length);
      expect(imported).toBe(exports ? 0 : NOT_BUILT_IN);
      symbols.curl_easy_cleanup(other);
      callback.close();
    },
  );
});
