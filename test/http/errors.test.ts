// How a fetch fails: a TypeError whose cause is libcurl's error, in words for a person.
import { describe, expect, test } from "vitest";
import { CurlEasyError } from "../../mod.ts";
import { useServer } from "../use.ts";
import { ALPN } from "../versions.ts";
import { codeOf, failure, get, record } from "./support.ts";
import { NO_NAME } from "../no_name.ts";

const server = useServer("http", "raw", "h2", "echo");

/** Fetches and reads a body: what fails first. */
const fails = (url: string, init = {}) =>
  failure(get(url, init).then((response) => response.text())) as Promise<Error>;

test("an error is a TypeError, its cause a CurlEasyError with curl's own name", async () => {
  const error = await fails("http://127.0.0.1:1/path?token=secret");
  expect(error).toBeInstanceOf(TypeError);
  expect(error.name).toBe("TypeError");
  expect(error.cause).toBeInstanceOf(CurlEasyError);
  expect(error.cause).toMatchObject({ code: 7, codeName: "CURLE_COULDNT_CONNECT" });
  expect(error.message).toMatch(
    /^Failed to fetch \(http:\/\/127\.0\.0\.1:1\/path: .*connect.*127\.0\.0\.1/i,
  );
  expect(error.message).toContain("CURLE_COULDNT_CONNECT");
  expect(error.message).not.toContain("secret");
});

test("an invalid name is reported", async () => {
  const error = await fails(`http://${NO_NAME}/`);
  expect(codeOf(error)).toBe("CURLE_COULDNT_RESOLVE_HOST");
  expect(error.message).toContain(NO_NAME);
});

test("nothing that is thrown has the credentials of a URL", async () => {
  const urls = [
    "http://user:secret@127.0.0.1:1/",
    `http://user:secret@${NO_NAME}/`,
    "http://user:secret@127.0.0.1:99999/",
    "ftp://user:secret@127.0.0.1/",
    server.url("/garbage", "raw").replace("//", "//user:secret@"),
    server.url("/redirect/30").replace("//", "//user:secret@"),
    server.url("/truncated").replace("//", "//user:secret@"),
  ];
  for (const url of urls) {
    const error = await fails(url);
    expect(error).toBeInstanceOf(TypeError);
    for (let one: unknown = error; one instanceof Error; one = one.cause) {
      expect(`${one} ${JSON.stringify(one)}`).not.toContain("secret");
    }
  }
});

test("nor those of a proxy, whose URL libcurl quotes where it is invalid", async () => {
  const proxies = [
    "http://user:a/secret@127.0.0.1:1",
    "user:a/secret@127.0.0.1:1",
    "http://user:a secret@127.0.0.1:1",
    "http://user:secret'secret@127.0.0.1:99999",
    "unknown://user:secret@127.0.0.1:1",
  ];
  for (const PROXY of proxies) {
    const error = await failure(get(server.url("/small"), { curl: { PROXY } }));
    expect(error).toBeInstanceOf(TypeError);
    for (let one: unknown = error; one instanceof Error; one = one.cause) {
      expect(`${one} ${JSON.stringify(one)}`).not.toContain("secret");
      expect(`${one}`).toContain("127.0.0.1");
    }
  }
});

describe("a server that misbehaves", () => {
  const cases: [path: string, code: RegExp][] = [
    ["/garbage", /CURLE_(UNSUPPORTED_PROTOCOL|WEIRD_SERVER_REPLY)/],
    ["/http09", /CURLE_(UNSUPPORTED_PROTOCOL|WEIRD_SERVER_REPLY)/],
    ["/bad-chunk", /CURLE_(RECV_ERROR|WEIRD_SERVER_REPLY)/],
    ["/cut-chunk", /CURLE_PARTIAL_FILE/],
    ["/short-length", /CURLE_PARTIAL_FILE/],
    ["/reset-now", /CURLE_RECV_ERROR/],
    ["/close-now", /CURLE_GOT_NOTHING/],
    ["/huge-headers", /CURLE_(OUT_OF_MEMORY|RECV_ERROR|TOO_LARGE)/],
    ["/endless-headers", /CURLE_(OUT_OF_MEMORY|RECV_ERROR|TOO_LARGE)/],
  ];
  test.for(cases)("%s", async ([path, code]) => {
    const error = await fails(server.url(path, "raw"));
    expect(error).toBeInstanceOf(TypeError);
    expect(codeOf(error)).toMatch(code);
    expect(error.message).toContain(`127.0.0.1:${server.raw}${path}`);
  });

  test("with more than its length, which is what counts", async () => {
    expect(await (await get(server.url("/wrong-length", "raw"))).text()).toBe("01234");
  });

  test("with silence, until the timeout", async () => {
    for (const path of ["/no-answer", "/half-status"]) {
      const error = await fails(server.url(path, "raw"), { timeout: 150 });
      expect(codeOf(error)).toBe("CURLE_OPERATION_TIMEDOUT");
    }
  });

  test("that resets or truncates in the body", async () => {
    for (const kind of ["http", "h2"] as const) {
      const curl = { CAINFO: server.ca, ...ALPN };
      const reset = await fails(server.url("/reset", kind), { curl });
      expect(reset).toBeInstanceOf(TypeError);
      expect(codeOf(reset)).toMatch(/CURLE_(RECV_ERROR|PARTIAL_FILE|HTTP2_STREAM|HTTP2)/);
      const truncated = await fails(server.url("/truncated", kind), { curl });
      expect(codeOf(truncated)).toMatch(/CURLE_(PARTIAL_FILE|HTTP2_STREAM|HTTP2)/);
    }
  });

  test("with content that does not decode", async () => {
    const head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n";
    await using recorder = await record(`${head}this is not gzip`);
    expect(codeOf(await fails(recorder.url))).toMatch(/CURLE_(BAD_CONTENT_ENCODING|WRITE_ERROR)/);
  });

  test("that only echoes", async () => {
    const error = await fails(`http://127.0.0.1:${server.echo}/`);
    expect(codeOf(error)).toMatch(/CURLE_(UNSUPPORTED_PROTOCOL|WEIRD_SERVER_REPLY)/);
  });
});

test("after every failure the next fetch works", async () => {
  await Promise.all([
    fails(server.url("/garbage", "raw")),
    fails("http://127.0.0.1:1/"),
    fails(server.url("/reset")),
  ]);
  expect((await get(server.url("/small"))).status).toBe(200);
});
