// CurlUrl: every part, every flag by what it does, every code that can be had.
import { describe, expect, test } from "vitest";
import { flags } from "../../ffi/curl/flags.ts";
import { library } from "../../ffi/mod.ts";
import {
  constants,
  CurlError,
  CurlLoadError,
  CurlUrl,
  CurlUrlError,
  type UrlPart,
} from "../../mod.ts";
import { urlCount } from "../../src/handles/url.ts";
import { libcurl } from "../versions.ts";
import { failure, versionNum } from "./easy_support.ts";

const PARTS = Object.keys(flags)
  .filter((name) => name.startsWith("CURLUPART_"))
  .map((name) => name.slice("CURLUPART_".length)) as UrlPart[];
const { allowsSpace, getsEmpty, hidesGuess, puny2idn, punycode, urlCodes } = libcurl;

/** The URL after the call. */
function after(start: string | undefined, call: (url: CurlUrl) => void): string {
  using url = new CurlUrl(start);
  call(url);
  return `${url}`;
}

function parts(text: string, bits?: number): Partial<Record<UrlPart, string | null>> {
  using url = new CurlUrl(text, bits);
  return Object.fromEntries(PARTS.map((part) => [part, url.get(part)]));
}

/** The name of the code that the call throws; "" where it throws none. */
function codeName(call: () => unknown): string {
  try {
    call();
    return "";
  } catch (error) {
    expect(error).toBeInstanceOf(CurlUrlError);
    return (error as CurlUrlError).codeName;
  }
}

describe("parts", () => {
  test("the table has all eleven", () => {
    expect(PARTS.toSorted()).toEqual([
      "FRAGMENT",
      "HOST",
      "OPTIONS",
      "PASSWORD",
      "PATH",
      "PORT",
      "QUERY",
      "SCHEME",
      "URL",
      "USER",
      "ZONEID",
    ]);
  });

  test("each is read from a URL that has it", () => {
    const text = "imap://user:pa%20ss;AUTH=LOGIN@mail.example:143/box;UID=1?q=1#frag";
    expect(parts(text)).toEqual({
      URL: text,
      SCHEME: "imap",
      USER: "user",
      PASSWORD: "pa%20ss",
      OPTIONS: "AUTH=LOGIN",
      HOST: "mail.example",
      PORT: "143",
      PATH: "/box;UID=1",
      QUERY: "q=1",
      FRAGMENT: "frag",
      ZONEID: null,
    });
    expect(parts("http://[fe80::1%25eth0]/")).toMatchObject({ HOST: "[fe80::1]", ZONEID: "eth0" });
  });

  test("each but the path is null where the URL does not have it", () => {
    using url = new CurlUrl();
    for (const part of PARTS.filter((part) => part !== "URL" && part !== "PATH")) {
      expect([part, url.get(part)]).toEqual([part, null]);
    }
    expect(url.get("PATH")).toBe("/");
  });

  test.each(
    [
      ["SCHEME", "ftp", "ftp://u:p@a:8080/path?query#fragment"],
      ["USER", "me", "http://me:p@a:8080/path?query#fragment"],
      ["PASSWORD", "secret", "http://u:secret@a:8080/path?query#fragment"],
      ["HOST", "b.example", "http://u:p@b.example:8080/path?query#fragment"],
      ["PORT", "81", "http://u:p@a:81/path?query#fragment"],
      ["PATH", "/x", "http://u:p@a:8080/x?query#fragment"],
      ["QUERY", "x", "http://u:p@a:8080/path?x#fragment"],
      ["FRAGMENT", "x", "http://u:p@a:8080/path?query#x"],
      ["URL", "https://b/", "https://b/"],
    ] as const,
  )("%s is set to %s, by name and by number", (part, value, expected) => {
    const start = "http://u:p@a:8080/path?query#fragment";
    expect(after(start, (url) => url.set(part, value))).toBe(expected);
    const number = flags[`CURLUPART_${part}`];
    expect(after(start, (url) => url.set(number, value))).toBe(expected);
    using url = new CurlUrl(start);
    url.set(part, value);
    expect([url.get(part), url.get(number)]).toEqual([value, value]);
  });

  test("OPTIONS and ZONEID are set where their scheme and host take them", () => {
    expect(after("imap://u@a/", (url) => url.set("OPTIONS", "AUTH=PLAIN")))
      .toBe("imap://u;AUTH=PLAIN@a/");
    expect(after("http://[fe80::1]/", (url) => url.set("ZONEID", "eth1")))
      .toBe("http://[fe80::1%25eth1]/");
  });

  test.each(
    [
      ["USER", "http://:p@a:8080/path?query#fragment"],
      ["PASSWORD", "http://u@a:8080/path?query#fragment"],
      ["PORT", "http://u:p@a/path?query#fragment"],
      ["PATH", "http://u:p@a:8080/?query#fragment"],
      ["QUERY", "http://u:p@a:8080/path#fragment"],
      ["FRAGMENT", "http://u:p@a:8080/path?query"],
    ] as const,
  )("%s is removed by null", (part, expected) => {
    expect(after("http://u:p@a:8080/path?query#fragment", (url) => url.set(part, null)))
      .toBe(expected);
  });

  test("null for the whole URL removes every part, whatever the version", () => {
    using url = new CurlUrl("imap://u:p;o@[fe80::1%25e]:1/path?query#fragment");
    url.set("URL", null);
    const left = PARTS.filter((part) => part !== "URL").map((part) => url.get(part));
    expect(left.filter((value) => value !== null)).toEqual(["/"]);
    expect(codeName(() => url.get("URL"))).toBe("CURLUE_NO_HOST");
    url.set("URL", "http://b/");
    expect(`${url}`).toBe("http://b/");
  });

  test("a URL is built from its parts", () => {
    using url = new CurlUrl();
    url.set("HOST", "example.com");
    expect(codeName(() => url.toString())).toBe("CURLUE_NO_SCHEME");
    url.set("SCHEME", "https");
    url.set("PATH", "a/b");
    url.set("QUERY", "c");
    expect(url.toString()).toBe("https://example.com/a/b?c");
  });
});

describe("a relative URL", () => {
  test.each([
    ["d", "http://a/b/d"],
    ["/d", "http://a/d"],
    ["../../d", "http://a/d"],
    ["./d", "http://a/b/d"],
    ["?q", "http://a/b/c?q"],
    ["//h/x", "http://h/x"],
    ["https://q/", "https://q/"],
  ])("%s is resolved against http://a/b/c?x to %s", (relative, expected) => {
    expect(after("http://a/b/c?x", (url) => url.set("URL", relative))).toBe(expected);
  });

  test("leaves the URL as it was where it is refused", () => {
    using url = new CurlUrl("http://a/b");
    expect(codeName(() => url.set("URL", "http://[x/"))).not.toBe("");
    expect(`${url}`).toBe("http://a/b");
  });
});

describe("flags", () => {
  const c = constants;

  test("CURLU_DEFAULT_PORT gives the scheme's port where there is none", () => {
    using url = new CurlUrl("https://a/");
    expect([url.get("PORT"), url.get("PORT", c.CURLU_DEFAULT_PORT)]).toEqual([null, "443"]);
    expect(url.get("URL", c.CURLU_DEFAULT_PORT)).toBe("https://a:443/");
  });

  test("CURLU_NO_DEFAULT_PORT hides the scheme's own port", () => {
    using url = new CurlUrl("https://a:443/");
    expect([url.get("PORT"), url.get("PORT", c.CURLU_NO_DEFAULT_PORT)]).toEqual(["443", null]);
    expect(url.get("URL", c.CURLU_NO_DEFAULT_PORT)).toBe("https://a/");
  });

  test("CURLU_DEFAULT_SCHEME takes https, in set and in get", () => {
    expect(parts("a.example/x", c.CURLU_DEFAULT_SCHEME).URL).toBe("https://a.example/x");
    using url = new CurlUrl();
    url.set("HOST", "a");
    expect(url.get("URL", c.CURLU_DEFAULT_SCHEME)).toBe("https://a/");
  });

  test("CURLU_GUESS_SCHEME goes by the host's name", () => {
    const guess = (text: string) => parts(text, c.CURLU_GUESS_SCHEME).URL;
    expect(guess("ftp.example.com/x")).toBe("ftp://ftp.example.com/x");
    expect(guess("example.com/x")).toBe("http://example.com/x");
  });

  test("CURLU_NON_SUPPORT_SCHEME takes schemes that libcurl does not support", () => {
    expect(codeName(() => new CurlUrl("git://a/b"))).toBe("CURLUE_UNSUPPORTED_SCHEME");
    expect(parts("git://a/b", c.CURLU_NON_SUPPORT_SCHEME).SCHEME).toBe("git");
  });

  test("CURLU_PATH_AS_IS keeps the dots", () => {
    expect(parts("http://a/b/../c").PATH).toBe("/c");
    expect(parts("http://a/b/../c", c.CURLU_PATH_AS_IS).PATH).toBe("/b/../c");
  });

  test("CURLU_DISALLOW_USER refuses a user", () => {
    expect(codeName(() => new CurlUrl("http://u:p@a/", c.CURLU_DISALLOW_USER)))
      .toBe("CURLUE_USER_NOT_ALLOWED");
    expect(parts("http://a/", c.CURLU_DISALLOW_USER).HOST).toBe("a");
  });

  test("CURLU_NO_AUTHORITY takes an empty host", () => {
    using url = new CurlUrl("http://a/");
    expect(codeName(() => url.set("HOST", ""))).not.toBe("");
    url.set("HOST", "", c.CURLU_NO_AUTHORITY);
    expect(url.get("HOST")).toBe("");
  });

  test("CURLU_URLENCODE encodes what is set, and CURLU_URLDECODE decodes what is read", () => {
    const text = "a b&ü%/";
    for (const part of ["USER", "PASSWORD", "OPTIONS", "PATH", "QUERY", "FRAGMENT"] as const) {
      using url = new CurlUrl("imap://a/");
      url.set(part, text, c.CURLU_URLENCODE);
      expect([part, url.get(part)]).toEqual([part, expect.stringMatching(/^\/?[\w%+/&]+$/)]);
      const decoded = url.get(part, c.CURLU_URLDECODE)?.replace(/^\//, "");
      expect([part, decoded]).toEqual([part, text]);
    }
  });

  test("a + is a space in a query only", () => {
    using url = new CurlUrl("http://a/x+y?x+y");
    expect(url.get("PATH", c.CURLU_URLDECODE)).toBe("/x+y");
    expect(url.get("QUERY", c.CURLU_URLDECODE)).toBe("x y");
  });

  test("bytes that are no UTF-8 come out as latin-1", () => {
    using url = new CurlUrl("http://a/%ff");
    expect(url.get("PATH", c.CURLU_URLDECODE)).toBe("/\xff");
    using real = new CurlUrl("http://a/%ef%bf%bd");
    expect(real.get("PATH", c.CURLU_URLDECODE)).toBe("/\ufffd");
  });

  test("CURLU_URLENCODE of nothing is nothing, where libcurl 7.88 would read from NULL", () => {
    using url = new CurlUrl("http://a/?x");
    for (const part of ["USER", "PATH", "QUERY", "FRAGMENT"] as const) {
      url.set(part, "", c.CURLU_URLENCODE | c.CURLU_APPENDQUERY);
    }
    expect(codeName(() => url.set("HOST", "", c.CURLU_URLENCODE))).not.toBe("");
    expect(url.get("QUERY", c.CURLU_URLENCODE)).toMatch(/^x&?$/);
    url.set("QUERY", "");
    expect(["", null]).toContain(url.get("QUERY", c.CURLU_URLENCODE)); // null since 8.8
  });

  test("CURLU_APPENDQUERY appends with an &, and encodes all but the first =", () => {
    const { CURLU_APPENDQUERY, CURLU_URLENCODE } = c;
    expect(after("http://a/?x=1", (url) => {
      url.set("QUERY", "y=2&z", CURLU_APPENDQUERY | CURLU_URLENCODE);
      url.set("QUERY", "k", CURLU_APPENDQUERY);
    })).toMatch(/^http:\/\/a\/\?x=1&y=2%26z&k$/);
    expect(after("http://a/", (url) => url.set("QUERY", "k", CURLU_APPENDQUERY)))
      .toBe("http://a/?k");
  });

  test.skipIf(!allowsSpace.holds)(`CURLU_ALLOW_SPACE takes spaces${allowsSpace.note}`, () => {
    expect(codeName(() => new CurlUrl("http://a/b c"))).not.toBe("");
    expect(parts("http://a/b c", c.CURLU_ALLOW_SPACE).PATH).toBe("/b c");
    expect(parts("http://a/b c?d e", c.CURLU_ALLOW_SPACE | c.CURLU_URLENCODE).URL)
      .toBe("http://a/b%20c?d+e");
  });

  test.skipIf(!punycode.holds)(
    `CURLU_PUNYCODE gives the host in ASCII${punycode.note}`,
    () => {
      using url = new CurlUrl("http://bücher.example/");
      expect(url.get("HOST")).toBe("bücher.example");
      expect(url.get("HOST", c.CURLU_PUNYCODE)).toBe("xn--bcher-kva.example");
      expect(url.get("URL", c.CURLU_PUNYCODE)).toBe("http://xn--bcher-kva.example/");
    },
  );

  test.skipIf(!puny2idn.holds)(
    `CURLU_PUNY2IDN gives it in Unicode${puny2idn.note}`,
    () => {
      using url = new CurlUrl("http://xn--bcher-kva.example/");
      expect(url.get("HOST", c.CURLU_PUNY2IDN)).toBe("bücher.example");
      expect(url.get("URL", c.CURLU_PUNY2IDN)).toBe("http://bücher.example/");
    },
  );

  test.skipIf(!getsEmpty.holds)(`CURLU_GET_EMPTY tells empty from none${getsEmpty.note}`, () => {
    using url = new CurlUrl("http://a/?#");
    expect([url.get("QUERY"), url.get("QUERY", c.CURLU_GET_EMPTY)]).toEqual([null, ""]);
    expect([url.get("FRAGMENT"), url.get("FRAGMENT", c.CURLU_GET_EMPTY)]).toEqual([null, ""]);
    expect(url.get("URL", c.CURLU_GET_EMPTY)).toBe("http://a/?#");
  });

  test.skipIf(!hidesGuess.holds)(`CURLU_NO_GUESS_SCHEME hides a guess${hidesGuess.note}`, () => {
    using url = new CurlUrl("a.example/x", c.CURLU_GUESS_SCHEME);
    expect(url.get("SCHEME", c.CURLU_NO_GUESS_SCHEME)).toBeNull();
    expect(url.get("URL", c.CURLU_NO_GUESS_SCHEME)).toBe("a.example/x");
    expect(url.get("URL")).toBe("http://a.example/x");
  });

  test("one that is newer than the library throws CurlLoadError, where libcurl would ignore it", () => {
    const newer = {
      CURLU_ALLOW_SPACE: [0x074e00, "7.78.0"],
      CURLU_PUNYCODE: [0x075800, "7.88.0"],
      CURLU_PUNY2IDN: [0x080300, "8.3.0"],
      CURLU_GET_EMPTY: [0x080800, "8.8.0"],
      CURLU_NO_GUESS_SCHEME: [0x080900, "8.9.0"],
    } as const;
    using url = new CurlUrl("http://a/");
    for (const [name, [since, text]] of Object.entries(newer)) {
      const bit = flags[name as keyof typeof newer];
      if (since <= versionNum) {
        url.get("PATH", bit);
        continue;
      }
      for (const call of [() => url.get("HOST", bit), () => url.set("PATH", "/", bit | 1)]) {
        expect(call).toThrow(CurlLoadError);
        expect(call).toThrow(`Cannot use ${name}: it needs libcurl ${text}`);
      }
    }
  });

  test("all of them are in the table, and are bits", () => {
    const bits = Object.entries(flags).filter(([name]) => name.startsWith("CURLU_"));
    expect(bits).toHaveLength(16);
    expect(bits.reduce((all, [, bit]) => all | bit, 0)).toBe(0xffff);
  });

  test.each([1.5, -1, 2 ** 32, NaN, "1", null, {}])("%o is CURLUE_MALFORMED_INPUT", (bits) => {
    using url = new CurlUrl("http://a/");
    expect(codeName(() => url.get("HOST", bits as number))).toBe("CURLUE_MALFORMED_INPUT");
    expect(codeName(() => url.set("HOST", "b", bits as number))).toBe("CURLUE_MALFORMED_INPUT");
    expect(url.get("HOST")).toBe("a");
  });
});

describe("errors", () => {
  test.each(
    [
      ["http://a:99999/", "CURLUE_BAD_PORT_NUMBER"],
      ["git://a/", "CURLUE_UNSUPPORTED_SCHEME"],
      ["file://remote.example/x", "CURLUE_BAD_FILE_URL"],
      ["http://[1:2/", "CURLUE_BAD_IPV6"],
      ["ht~tp://a/", "CURLUE_BAD_SCHEME"],
      ["http:////a/", "CURLUE_BAD_SLASHES"],
    ] as const,
  )("%s is %s", (text, name) => {
    const error = failure<CurlUrlError>(() => new CurlUrl(text));
    expect(error).toBeInstanceOf(CurlUrlError);
    expect(error).toBeInstanceOf(CurlError);
    expect(error.name).toBe("CurlUrlError");
    expect(error.message).toMatch(/\w/);
    // CURLUE_MALFORMED_INPUT and its like, before there were more
    if (urlCodes.holds) expect(error.codeName).toBe(name);
    else expect(error.code).toBeLessThan(constants.CURLUE_NO_ZONEID);
    expect(error.code).toBe(constants[error.codeName as "CURLUE_OK"]);
  });

  test.skipIf(!urlCodes.holds)(`http://a<b/ is CURLUE_BAD_HOSTNAME${urlCodes.note}`, () => {
    expect(codeName(() => new CurlUrl("http://a<b/"))).toBe("CURLUE_BAD_HOSTNAME");
  });

  test("the words are libcurl's own where it has some", () => {
    const { message, codeName } = failure<CurlUrlError>(() => new CurlUrl("http://a:99999/"));
    const own = library().has("curl_url_strerror");
    expect(message).toEqual(own ? expect.stringMatching(/^Port number/) : codeName);
    expect(new CurlUrlError(1).message).toEqual(
      own ? expect.stringMatching(/CURLU/) : "CURLUE_BAD_HANDLE",
    );
  });

  test.each(
    [
      ["PORT", "0x1", "CURLUE_BAD_PORT_NUMBER"],
      ["PORT", "", "CURLUE_BAD_PORT_NUMBER"],
      ["PORT", "70000", "CURLUE_BAD_PORT_NUMBER"],
      ["SCHEME", "git", "CURLUE_UNSUPPORTED_SCHEME"],
      ["SCHEME", "x".repeat(41), urlCodes.holds ? "CURLUE_BAD_SCHEME" : "CURLUE_MALFORMED_INPUT"],
    ] as const,
  )("%s = %s is %s", (part, value, name) => {
    using url = new CurlUrl("http://a/");
    expect(codeName(() => url.set(part, value))).toBe(name);
    expect(`${url}`).toBe("http://a/");
  });

  test("a host with a space, or brackets that are no address, is refused", () => {
    using url = new CurlUrl("http://a/");
    for (const host of ["a b", "[::1", "[zz]"]) {
      expect([host, codeName(() => url.set("HOST", host))])
        .toEqual([host, expect.stringMatching(/^CURLUE_(BAD_|MALFORMED)/)]);
    }
  });

  test("control codes that are encoded are not decoded: CURLUE_URLDECODE", () => {
    using url = new CurlUrl("http://a/%00?%0a");
    for (const part of ["PATH", "QUERY"] as const) {
      expect(codeName(() => url.get(part, constants.CURLU_URLDECODE))).toBe("CURLUE_URLDECODE");
    }
    expect(url.get("PATH")).toBe("/%00");
  });

  test("more than 8 million bytes are refused", () => {
    using url = new CurlUrl("http://a/");
    const long = "x".repeat(8_000_001);
    expect(codeName(() => url.set("PATH", long))).toMatch(/CURLUE_(MALFORMED_INPUT|TOO_LARGE)/);
    expect(codeName(() => url.set("URL", `http://a/${long}`)))
      .toMatch(/CURLUE_(MALFORMED_INPUT|TOO_LARGE)/);
    url.set("PATH", `/${"x".repeat(1_000_000)}`);
    expect(url.get("PATH")).toHaveLength(1_000_001);
  });

  test.each(["HOSTNAME", "host", "", "toString", 99, -1, 1.5, null, undefined, {}, Symbol()])(
    "the part %o is CURLUE_UNKNOWN_PART",
    (part) => {
      using url = new CurlUrl("http://a/");
      expect(codeName(() => url.get(part as UrlPart))).toBe("CURLUE_UNKNOWN_PART");
      expect(codeName(() => url.set(part as UrlPart, "x"))).toBe("CURLUE_UNKNOWN_PART");
      expect(codeName(() => url.set(part as UrlPart, null))).toBe("CURLUE_UNKNOWN_PART");
    },
  );

  test.each([1, true, undefined, {}, ["a"], new Uint8Array(1)])("%o is no value", (value) => {
    using url = new CurlUrl("http://a/");
    expect(codeName(() => url.set("PATH", value as never))).toBe("CURLUE_MALFORMED_INPUT");
    if (value === undefined) return;
    expect(codeName(() => new CurlUrl(value as never))).toBe("CURLUE_MALFORMED_INPUT");
  });

  test("a NUL never reaches C, and a control code only when it is encoded", () => {
    using url = new CurlUrl("http://a/");
    for (const part of PARTS) {
      for (const value of ["http://b/\0", "\r\nX: y", "\x1b", "\x7f"]) {
        expect(codeName(() => url.set(part, value))).toBe("CURLUE_MALFORMED_INPUT");
      }
      expect(codeName(() => url.set(part, "\0", constants.CURLU_URLENCODE)))
        .toBe("CURLUE_MALFORMED_INPUT");
    }
    expect(`${url}`).toBe("http://a/");
    url.set("PATH", "/\r\nX", constants.CURLU_URLENCODE);
    expect(url.get("PATH")?.toLowerCase()).toBe("/%0d%0ax");
  });

  test("no handle is left behind where the constructor throws", () => {
    const { open } = urlCount;
    for (let i = 0; i < 100; i++) expect(codeName(() => new CurlUrl("http://[x/"))).not.toBe("");
    expect(urlCount.open).toBe(open);
  });
});

describe("lifetime", () => {
  test("duplicate() is an independent copy", () => {
    const url = new CurlUrl("http://a/b?c#d");
    using copy = url.duplicate();
    url.set("HOST", "other");
    expect(`${copy}`).toBe("http://a/b?c#d");
    copy.set("PATH", "/x");
    expect(`${url}`).toBe("http://other/b?c#d");
    url.close();
    expect(`${copy}`).toBe("http://a/x?c#d");
    expect(copy).toBeInstanceOf(CurlUrl);
  });

  test("close() is done once; then every call is CURLUE_BAD_HANDLE", () => {
    const url = new CurlUrl("http://a/");
    expect(url.closed).toBe(false);
    url.close();
    url.close();
    url[Symbol.dispose]();
    expect(url.closed).toBe(true);
    for (
      const call of [
        () => url.get("HOST"),
        () => url.set("HOST", "b"),
        () => url.set("HOST", null),
        () => url.toString(),
        () => url.duplicate(),
      ]
    ) expect(codeName(call)).toBe("CURLUE_BAD_HANDLE");
  });

  test("ten thousand of them, each with a copy, leave nothing behind", () => {
    const { open } = urlCount;
    for (let i = 0; i < 10_000; i++) {
      using url = new CurlUrl("https://user:password@example.com:8443/path?query#fragment");
      using copy = url.duplicate();
      if (copy.get("PORT") !== "8443") throw new Error("a part was lost");
      if (i === 5000) expect(urlCount.open).toBe(open + 2);
    }
    expect(urlCount.open).toBe(open);
  });

  test("calls with random arguments never end the process", () => {
    let seed = 7;
    const random = (n: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
    const pieces = ["", "a", "/", "?", "#", ":", "@", "[", "]", "%", "%41", "::1", "..", "http:"];
    pieces.push(
      "file",
      "//",
      "ü",
      " ",
      "+",
      "&",
      "=",
      ";",
      "0",
      "80",
      "x".repeat(300),
      "localhost",
    );
    const text = () =>
      Array.from({ length: random(6) }, () => pieces[random(pieces.length)]).join("");
    const start = performance.now();
    let calls = 0, refused = 0;
    using url = new CurlUrl();
    for (; calls < 30_000 && performance.now() - start < 5000; calls++) {
      const bits = random(3) === 0 ? random(0x1000) : 1 << random(12);
      const known = versionNum < 0x074e00 ? bits & 0x7ff : bits;
      const part = random(12);
      try {
        if (random(2) === 0) url.set(part, random(8) === 0 ? null : text(), known);
        else url.get(part, known);
        if (random(50) === 0) url.duplicate().close();
      } catch (error) {
        expect(error).toBeInstanceOf(CurlUrlError);
        refused++;
      }
    }
    expect(calls).toBeGreaterThan(refused);
  });
});

test("a proxy of bytes, whose every access runs code, is no text: CURLUE_MALFORMED_INPUT", () => {
  const proxy = new Proxy(new Uint8Array([104, 58]), {}) as never;
  for (
    const make of [() => new CurlUrl(proxy), () => new CurlUrl("http://x/").set("HOST", proxy)]
  ) {
    expect(make).toThrow(CurlUrlError);
  }
});
