// send and recv on a connection of one's own, upkeep, and the header API.
import { describe, expect, test } from "vitest";
import { constants, CurlLoadError } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { codeOf, failure, get, Transfer, utf8, versionNum } from "../easy_support.ts";

const CURLE_AGAIN = 81;

const server = useServer("http", "https", "echo", "proxy");

/** What `recv` gives, waiting for it at most five seconds. */
async function received(easy: Transfer, buffer: Uint8Array<ArrayBuffer>): Promise<number> {
  for (const end = Date.now() + 5000; Date.now() < end;) {
    try {
      return easy.recv(buffer);
    } catch (error) {
      if ((error as { code: number }).code !== CURLE_AGAIN) throw error;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  throw new Error("nothing came");
}

describe("CONNECT_ONLY", () => {
  const connect = () => get(`http://127.0.0.1:${server.echo}`, { CONNECT_ONLY: true });

  test("send() and recv() move bytes, and recv() with nothing there is CURLE_AGAIN", async () => {
    using easy = connect();
    expect(failure(() => easy.recv(new Uint8Array(8)))).toMatchObject({
      code: CURLE_AGAIN,
      codeName: "CURLE_AGAIN",
      message: expect.stringMatching(/\w/),
    });
    expect(easy.send(utf8("hello\0"))).toBe(6);
    const buffer = new Uint8Array(16);
    expect(await received(easy, buffer)).toBe(6);
    expect(new TextDecoder().decode(buffer)).toBe("hello\0" + "\0".repeat(10));
  });

  test("a view of a part of a buffer is used as such", async () => {
    using easy = connect();
    const whole = utf8("..sent..");
    expect(easy.send(whole.subarray(2, 6))).toBe(4);
    const target = new Uint8Array(8).fill(46);
    expect(await received(easy, target.subarray(3, 7))).toBe(4);
    expect(new TextDecoder().decode(target)).toBe("...sent.");
  });

  test("send() of more than fits says how much it took, then CURLE_AGAIN", () => {
    using easy = connect();
    const much = new Uint8Array(1 << 20);
    let sent = 0, code = 0;
    while (code === 0 && sent < 1 << 27) code = codeOf(() => sent += easy.send(much));
    expect(code).toBe(CURLE_AGAIN);
    expect(sent).toBeGreaterThan(0);
  });

  test("an HTTP request written by hand is answered, and recv() ends with 0", async () => {
    using easy = get(server.url("/"), { CONNECT_ONLY: true });
    easy.send(utf8("GET /close HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    let text = "";
    for (const buffer = new Uint8Array(64);;) {
      const count = await received(easy, buffer);
      if (count === 0) break;
      text += new TextDecoder().decode(buffer.subarray(0, count));
    }
    expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  });

  test("works over TLS", async () => {
    using easy = get(server.url("/", "https"), { CONNECT_ONLY: true, CAINFO: server.ca });
    easy.send(utf8("GET /status/204 HTTP/1.1\r\nHost: x\r\n\r\n"));
    const buffer = new Uint8Array(1024);
    const count = await received(easy, buffer);
    expect(new TextDecoder().decode(buffer.subarray(0, count))).toContain("204 No Content");
  });

  test("without it, send() and recv() fail with libcurl's own code", () => {
    using easy = get(server.url("/small"));
    expect(failure(() => easy.send(utf8("x"))).code).toBe(1);
    expect(failure(() => easy.recv(new Uint8Array(1))).code).toBe(1);
  });

  test("what is no bytes, or none at all, is CURLE_BAD_FUNCTION_ARGUMENT", () => {
    using easy = connect();
    for (const value of ["text", 1, null, undefined, [1], {}, new Uint8Array(0)]) {
      expect(codeOf(() => easy.send(value as never))).toBe(43);
      expect(codeOf(() => easy.recv(value as never))).toBe(43);
    }
    const detached = new Uint8Array(4);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    expect(codeOf(() => easy.recv(detached))).toBe(43);
  });
});

test("upkeep() is fine with and without a connection", () => {
  using easy = new Transfer(server.url("/small"), { UPKEEP_INTERVAL_MS: 1 });
  easy.upkeep();
  easy.perform();
  easy.upkeep();
  easy.perform();
  expect(easy.getInfo("NUM_CONNECTS")).toBe(0);
});

describe.skipIf(versionNum < 0x075300)("headers() (since libcurl 7.83)", () => {
  const { CURLH_HEADER, CURLH_TRAILER, CURLH_CONNECT, CURLH_1XX } = constants;

  test("gives each header in the order of the wire, with how many there are of its name", () => {
    using easy = get(server.url("/cookies/set?a=1&b=2"));
    const headers = easy.headers();
    expect(headers.filter(({ name }) => name === "set-cookie")).toEqual([
      { name: "set-cookie", value: "a=1; Path=/", amount: 2, index: 0, origin: CURLH_HEADER },
      { name: "set-cookie", value: "b=2; Path=/", amount: 2, index: 1, origin: CURLH_HEADER },
    ]);
    expect(headers.map(({ name }) => name.toLowerCase())).toContain("content-length");
  });

  test("origin picks trailers, CONNECT answers and 1xx answers", () => {
    using trailers = get(server.url("/trailers"));
    expect(trailers.headers({ origin: CURLH_TRAILER }).map(({ name, value }) => [name, value]))
      .toEqual([["X-Sum", "42"], ["X-Last", "yes"]]);
    expect(trailers.headers({ origin: CURLH_TRAILER }).map(({ origin }) => origin))
      .toEqual([CURLH_TRAILER, CURLH_TRAILER]);
    using tunnel = get(server.url("/small"), {
      NOPROXY: "",
      PROXY: `http://127.0.0.1:${server.proxy}`,
      HTTPPROXYTUNNEL: true,
    });
    expect(tunnel.headers({ origin: CURLH_CONNECT })).toEqual([
      { name: "X-Proxy", value: "curlew", amount: 1, index: 0, origin: CURLH_CONNECT },
    ]);
    using hints = get(server.url("/early-hints"));
    expect(hints.headers({ origin: CURLH_1XX }).map(({ name }) => name)).toEqual(["Link"]);
    const both = hints.headers({ origin: CURLH_1XX | CURLH_HEADER });
    expect(both.length).toBe(1 + hints.headers().length);
  });

  test("request picks one of several, -1 the last", () => {
    using easy = get(server.url("/redirect/1"), { FOLLOWLOCATION: true });
    const location = (request: number) =>
      easy.headers({ request }).find(({ name }) => name === "location")?.value;
    expect([location(0), location(1), location(2), location(-1)])
      .toEqual(["/redirect/0", "/small", undefined, undefined]);
    expect(easy.headers({ request: 2 })).toEqual(easy.headers());
    expect(easy.headers({ request: 3 })).toEqual([]);
    expect(easy.headers({ request: -5 })).toEqual([]);
  });

  test("gives none before a transfer, and none of the one before it", () => {
    using easy = new Transfer(server.url("/cookies/set?a=1"));
    expect(easy.headers()).toEqual([]);
    easy.perform();
    easy.setOpt("URL", "http://127.0.0.1:1/");
    expect(codeOf(() => easy.perform())).toBe(7);
    expect(easy.headers()).toEqual([]);
  });

  test("takes numbers only", () => {
    using easy = get(server.url("/small"));
    for (const bad of ["x", 1.5, {}, NaN]) {
      expect(codeOf(() => easy.headers({ origin: bad as never }))).toBe(43);
      expect(codeOf(() => easy.headers({ request: bad as never }))).toBe(43);
    }
  });
});

test.skipIf(versionNum >= 0x075300)("headers() needs libcurl 7.83 and says so", () => {
  using easy = get(server.url("/small"));
  expect(() => easy.headers()).toThrow(CurlLoadError);
});
