// The header API on real transfers: each origin, each request, repeated names.
import { describe, expect, test } from "vitest";
import {
  Agent,
  constants,
  CurlLoadError,
  type Easy,
  type Header,
  type HeadersOptions,
} from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { ALPN, libcurl } from "../../versions.ts";
import { codeOf, get, Transfer } from "../easy_support.ts";

const { CURLH_HEADER, CURLH_TRAILER, CURLH_CONNECT, CURLH_1XX, CURLH_PSEUDO } = constants;
const ALL = CURLH_HEADER | CURLH_TRAILER | CURLH_CONNECT | CURLH_1XX | CURLH_PSEUDO;
const { headers, marksH2Trailers } = libcurl;

const server = useServer("http", "https", "h2", "h2c", "proxy", "raw");

/** The headers as `name: value`. */
function shown(easy: Easy, options: HeadersOptions = {}): string[] {
  return easy.headers(options).map(({ name, value }) => `${name}: ${value}`);
}

const named = (headers: readonly Header[], name: string) =>
  headers.filter((header) => header.name.toLowerCase() === name);

test.skipIf(headers.holds)(
  "before libcurl 7.83 headers() throws CurlLoadError, which says so",
  () => {
    using easy = get(server.url("/small"));
    expect(() => easy.headers()).toThrow(CurlLoadError);
    expect(() => easy.headers()).toThrow("it needs libcurl 7.83.0");
    expect(() => easy.header("x")).toThrow(CurlLoadError);
    expect(() => easy.header("x")).toThrow("it needs libcurl 7.83.0");
  },
);

describe.skipIf(!headers.holds)(`headers()${headers.note}`, () => {
  test("are those of the wire, without the space around the value", () => {
    const order: string[] = [];
    using easy = get(server.url("/with?X-One=%20%201%20%20&X-Two=2"), {
      HEADERFUNCTION: (line) => {
        const name = /^[^:]+(?=:)/.exec(new TextDecoder().decode(line))?.[0];
        if (name) order.push(name);
        return line.length;
      },
    });
    expect(shown(easy)).toEqual(expect.arrayContaining(["X-One: 1", "X-Two: 2"]));
    expect(easy.headers().map(({ name }) => name)).toEqual(order);
    for (const { origin, amount, index } of easy.headers()) {
      expect([origin, amount, index]).toEqual([CURLH_HEADER, 1, 0]);
    }
  });

  test("of one name are counted, also where others are between them", () => {
    using easy = get(server.url("/cookies/set?a=1&b=2&c=3"));
    const cookies = named(easy.headers(), "set-cookie");
    expect(cookies.map(({ amount, index, value }) => [amount, index, value])).toEqual([
      [3, 0, "a=1; Path=/"],
      [3, 1, "b=2; Path=/"],
      [3, 2, "c=3; Path=/"],
    ]);
  });

  test("in hundreds are all there", () => {
    using easy = get(server.url("/headers?n=500"));
    const found = easy.headers().filter(({ name }) => name.startsWith("X-Header-"));
    expect(found.map(({ value }) => value)).toEqual(
      Array.from({ length: 500 }, (_, i) => `value ${i}`),
    );
  });

  test("above ASCII are UTF-8 where they are that, or else latin-1", () => {
    using easy = get(server.url("/latin1", "raw"));
    const [latin, utf8] = easy.headers();
    expect(latin?.value).toBe("caf\xe9");
    expect(utf8?.value).toBe("café");
  });

  test("of HTTP/2 come with the pseudo header :status", () => {
    using easy = get(server.url("/status/404", "h2"), { CAINFO: server.ca, ...ALPN });
    expect(easy.headers({ origin: CURLH_PSEUDO })).toEqual([
      { name: ":status", value: "404", amount: 1, index: 0, origin: CURLH_PSEUDO },
    ]);
    expect(shown(easy)).not.toContain(":status: 404");
    using plain = get(server.url("/small"));
    expect(plain.headers({ origin: CURLH_PSEUDO })).toEqual([]);
  });

  test("that are trailers, of HTTP/1.1 and of HTTP/2", () => {
    using one = get(server.url("/trailers"));
    expect(shown(one, { origin: CURLH_TRAILER })).toEqual(["X-Sum: 42", "X-Last: yes"]);
    using two = get(server.url("/trailers", "h2c"), {
      HTTP_VERSION: constants.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
    });
    const origin = marksH2Trailers.holds ? CURLH_TRAILER : CURLH_HEADER;
    expect(shown(two, { origin }).slice(-2)).toEqual(["x-sum: 42", "x-last: yes"]);
  });

  test("of a proxy's answer to CONNECT, and of the server behind it", () => {
    using easy = get(server.url("/early-hints", "https"), {
      CAINFO: server.ca,
      NOPROXY: "",
      PROXY: `http://127.0.0.1:${server.proxy}`,
    });
    expect(shown(easy, { origin: CURLH_CONNECT })).toEqual(["X-Proxy: curlew"]);
    expect(shown(easy, { origin: CURLH_1XX })).toEqual([
      "Link: </style.css>; rel=preload; as=style",
    ]);
    const all = easy.headers({ origin: ALL });
    expect(all.map(({ origin }) => origin)).toEqual([
      CURLH_CONNECT,
      CURLH_1XX,
      ...easy.headers().map(() => CURLH_HEADER),
    ]);
    expect(all.slice(2)).toEqual(easy.headers());
  });

  test("of each request of a transfer, and of the last one unless another is asked for", () => {
    using easy = get(server.url("/redirect/1"), { FOLLOWLOCATION: true });
    const location = (request?: number) =>
      named(easy.headers(request === undefined ? {} : { request }), "location")[0]?.value;
    expect([0, 1, 2, -1, undefined].map(location))
      .toEqual(["/redirect/0", "/small", undefined, undefined, undefined]);
    expect(easy.headers({ request: 2 })).toEqual(easy.headers());
    for (const request of [3, 1000, -2]) expect(easy.headers({ request })).toEqual([]);
  });

  test("of a login are those of both answers", () => {
    using easy = get(server.url("/basic/me/secret"), {
      USERPWD: "me:secret",
      HTTPAUTH: constants.CURLAUTH_ANY,
    });
    expect(named(easy.headers({ request: 0 }), "www-authenticate")).toHaveLength(1);
    expect(named(easy.headers(), "www-authenticate")).toEqual([]);
  });

  test("through an Agent, and inside a callback what came so far", async () => {
    await using agent = new Agent();
    let during: string[] = [];
    using easy = new Transfer(server.url("/with?X-One=1"), {
      WRITEFUNCTION: (bytes) => (during = shown(easy), bytes.length),
    });
    await agent.perform(easy);
    expect(during).toContain("X-One: 1");
    expect(shown(easy)).toEqual(during);
  });

  test("are values: a later transfer changes none that were given", () => {
    using easy = get(server.url("/with?X-One=1"));
    const before = easy.headers(), copy = structuredClone(before);
    easy.setOpt("URL", server.url("/headers?n=300"));
    easy.perform();
    expect(before).toEqual(copy);
    expect(easy.headers()).not.toEqual(before);
  });

  test("are those of the last transfer: none before one, after a failure, or in a copy", () => {
    using easy = new Transfer(server.url("/small"));
    expect(easy.headers({ origin: ALL })).toEqual([]);
    easy.perform();
    easy.setOpt("URL", "http://127.0.0.1:1/");
    expect(codeOf(() => easy.perform())).toBe(7);
    expect(easy.headers({ origin: ALL })).toEqual([]);
    easy.setOpt("URL", server.url("/small"));
    easy.perform();
    using copy = easy.duplicate();
    expect(copy.headers({ origin: ALL })).toEqual([]);
  });

  test("of no origin that there is are none, and what is no number is refused", () => {
    using easy = get(server.url("/small"));
    expect(easy.headers({ origin: 0 })).toEqual([]);
    expect(easy.headers({ origin: 0x80 })).toEqual([]);
    for (const value of ["1", 1.5, null, {}, 2 ** 40]) {
      if (value !== null) {
        expect(codeOf(() => easy.headers({ origin: value as number }))).toBe(43);
        expect(codeOf(() => easy.headers({ request: value as number }))).toBe(43);
      }
    }
  });
});

describe.skipIf(!headers.holds)(`header()${headers.note}`, () => {
  test("finds one by its name in any letter case, as headers() tells it", () => {
    using easy = get(server.url("/with?X-One=1&X-Two=2"));
    for (const name of ["X-Two", "x-two", "X-TWO", new TextEncoder().encode("x-Two")]) {
      expect(easy.header(name)).toEqual(named(easy.headers(), "x-two")[0]);
    }
    expect(easy.header("X-Three")).toBeNull();
    expect(easy.header("X-Tw")).toBeNull();
  });

  test("finds each of one name by its index", () => {
    using easy = get(server.url("/cookies/set?a=1&b=2&c=3"));
    const values = [0, 1, 2, 3, 1e9].map((index) => easy.header("set-cookie", { index })?.value);
    expect(values).toEqual(["a=1; Path=/", "b=2; Path=/", "c=3; Path=/", undefined, undefined]);
    expect(easy.header("set-cookie")).toMatchObject({ index: 0, amount: 3 });
  });

  test("finds one by its request and its origin", () => {
    using easy = get(server.url("/redirect/1"), { FOLLOWLOCATION: true });
    const location = (request: number) => easy.header("location", { request })?.value;
    expect([0, 1, 2, -1, 3].map(location))
      .toEqual(["/redirect/0", "/small", undefined, undefined, undefined]);
    using trailers = get(server.url("/trailers"));
    expect(trailers.header("x-sum")).toBeNull();
    expect(trailers.header("x-sum", { origin: CURLH_TRAILER })?.value).toBe("42");
    expect(trailers.header("x-sum", { origin: ALL })?.origin).toBe(CURLH_TRAILER);
  });

  test("finds none before a transfer, and what came so far inside a callback", () => {
    let during: string | undefined;
    using easy = new Transfer(server.url("/with?X-One=1"), {
      WRITEFUNCTION: (bytes) => (during = easy.header("x-one")?.value, bytes.length),
    });
    expect(easy.header("x-one")).toBeNull();
    easy.perform();
    expect(during).toBe("1");
    easy.close();
    expect(codeOf(() => easy.header("x-one"))).toBe(43);
  });

  test("refuses what is no name, index, origin or request", () => {
    using easy = get(server.url("/small"));
    for (const name of [1, null, undefined, {}, "a\0b"]) {
      expect(codeOf(() => easy.header(name as string))).toBe(43);
    }
    for (const value of ["1", 1.5, {}, 2 ** 40, -1n]) {
      for (const key of ["index", "origin", "request"]) {
        expect(codeOf(() => easy.header("x", { [key]: value })), key).toBe(43);
      }
    }
    for (const options of [{ index: -1 }, { origin: 0 }, { origin: 0x80 }, { request: -2 }]) {
      expect(codeOf(() => easy.header("x", options)), JSON.stringify(options)).toBe(43);
    }
    expect(() => easy.header("x", { origin: 0 })).toThrow("an origin of CURLH_* bits");
  });
});
