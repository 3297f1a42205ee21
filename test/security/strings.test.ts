// No string can become a second header or command: NUL and line breaks are refused before
// libcurl sees them, wherever a string reaches the wire.
import { Buffer } from "node:buffer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { easyOptions } from "../../ffi/curl/options.ts";
import {
  Agent,
  CurlEasyError,
  type CurlError,
  CurlUrl,
  Easy,
  fetchSync,
  type HttpPostPart,
  Mime,
  type MimePart,
  upload,
  versionInfo,
} from "../../mod.ts";
import { readProtocols } from "../../src/http/websocket/handshake.ts";
import { codeOf, failure, get, record, type Recorder } from "../http/support.ts";
import { startServer } from "../server/start.ts";

const BREAKS = ["a\nb", "a\rb", "a\r\nb", "\n", "a\r\n"];
const BAD = [...BREAKS, "a\0b"];
/** The same as bytes, among some that are no UTF-8. */
const BAD_BYTES = BAD.map((text) => new Uint8Array([0xff, ...new TextEncoder().encode(text)]));
const ALL_BAD: readonly (string | Uint8Array)[] = [...BAD, ...BAD_BYTES];

/** What stays on this machine, where a path may have a line break in it. */
const LOCAL =
  /FILE|PATH|COOKIEJAR|ALTSVC|^HSTS$|CAINFO|ISSUERCERT|SSLCERT$|SSLKEY$|PASSWD$|EGDSOCKET|UNIX_SOCKET|KNOWNHOSTS/;
const SENT = /PROXYPASSW|^PROXYUSERPWD$/;
const { versionNum } = versionInfo();

const strings = Object.entries(easyOptions)
  .filter(([, { kind, since }]) => kind === "string" && since <= versionNum)
  .map(([name]) => name);
const sent = strings.filter((name) => !LOCAL.test(name) || SENT.test(name));
const local = strings.filter((name) => LOCAL.test(name) && !SENT.test(name));
const lists = Object.entries(easyOptions)
  .filter(([, { kind, since }]) => kind === "slist" && since <= versionNum)
  .map(([name]) => name);

function refusal(call: () => unknown): CurlError {
  try {
    call();
  } catch (error) {
    return error as CurlError;
  }
  throw new Error("expected a throw");
}

test("the lists of options are those that they should be", () => {
  for (
    const name of ["URL", "COOKIE", "COOKIELIST", "USERAGENT", "REFERER", "CUSTOMREQUEST", "RANGE"]
  ) expect(sent).toContain(name);
  for (const name of ["USERNAME", "PASSWORD", "USERPWD", "PROXYUSERPWD", "XOAUTH2_BEARER"]) {
    expect(sent).toContain(name);
  }
  for (const name of ["MAIL_FROM", "MAIL_AUTH", "FTP_ACCOUNT", "FTPPORT", "RTSP_SESSION_ID"]) {
    expect(sent).toContain(name);
  }
  expect(lists).toEqual(expect.arrayContaining(["HTTPHEADER", "QUOTE", "MAIL_RCPT"]));
  expect(lists).toContain("TELNETOPTIONS");
  expect(local).toEqual(expect.arrayContaining(["CAINFO", "SSLKEY", "NETRC_FILE", "COOKIEFILE"]));
});

test.each(sent)("%s, as text and as bytes", (name) => {
  using easy = new Easy();
  for (const value of ALL_BAD) {
    const error = refusal(() => easy.setOpt(name as "URL", value));
    expect(error).toBeInstanceOf(CurlEasyError);
    expect(error.codeName).toBe("CURLE_BAD_FUNCTION_ARGUMENT");
    expect(error.message).not.toContain(String(value)); // which may be a secret
  }
});

test.each(lists)("a line of %s, as text and as bytes", (name) => {
  using easy = new Easy();
  for (const value of BAD) {
    for (const line of [value, new TextEncoder().encode(value)]) {
      const error = refusal(() => easy.setOpt(name as "HTTPHEADER", ["A: 1", line as string]));
      expect(error).toMatchObject({ codeName: "CURLE_BAD_FUNCTION_ARGUMENT" });
    }
  }
});

test("paths and passphrases of this machine may have a line break, but no NUL", () => {
  using easy = new Easy();
  for (const name of local as "CAINFO"[]) {
    for (const value of ["a\0b", new Uint8Array([0x61, 0, 0x62])]) {
      expect(refusal(() => easy.setOpt(name, value))).toMatchObject({ code: 43 });
    }
    try {
      easy.setOpt(name, "/no/such\nfile");
    } catch (error) {
      // another TLS library, a feature that is not there: libcurl's own words
      expect((error as CurlError).message).not.toContain("line break");
    }
  }
});

test("a body is bytes, and may have any", () => {
  using easy = new Easy();
  for (const value of BAD) easy.setOpt("POSTFIELDS", value);
});

test("names, filenames, types and headers of a Mime", () => {
  using mime = new Mime();
  for (const value of ALL_BAD) {
    const parts: MimePart[] = [
      { name: value, data: "" },
      { name: "a", data: "", filename: value },
      { name: "a", data: "", type: value },
      { name: "a", data: "", headers: [value] },
      { name: "a", file: value }, // its own name is sent
    ];
    for (const part of parts) {
      expect(refusal(() => mime.addPart(part))).toMatchObject({ code: 43 });
    }
  }
});

test("the same of HTTPPOST", () => {
  using easy = new Easy();
  for (const value of ALL_BAD) {
    const parts = [
      { name: value, contents: "" },
      { name: "a", contents: "", type: value },
      { name: "a", buffer: new Uint8Array(1), filename: value },
      { name: "a", contents: "", headers: [value] },
      { name: "a", file: value },
      { name: "a", file: ["/dev/null", value] },
    ];
    for (const part of parts) {
      expect(refusal(() => easy.setOpt("HTTPPOST", [part as HttpPostPart]))).toMatchObject({
        code: 43,
      });
    }
  }
});

test("a trailer", async () => {
  await using server = await startServer("http");
  await using agent = new Agent();
  for (const value of BAD) {
    using easy = new Easy();
    let body = "body";
    easy.setOpts({
      URL: server.url("/echo"),
      UPLOAD: 1,
      TIMEOUT_MS: 10_000,
      HTTPHEADER: ["Transfer-Encoding: chunked", "Expect:"],
      READFUNCTION: (bytes) => {
        const { written } = new TextEncoder().encodeInto(body, bytes);
        body = "";
        return written;
      },
      TRAILERFUNCTION: (lines) => void lines.push(`X-A: ${value}`),
    });
    const error = await failure(agent.perform(easy)) as CurlError;
    expect(error).toMatchObject({ codeName: "CURLE_ABORTED_BY_CALLBACK" });
    expect(error.cause).toBeInstanceOf(TypeError);
  }
});

test("the parts of a CurlUrl, and a URL as a whole", () => {
  for (const value of ALL_BAD) {
    using url = new CurlUrl();
    for (const part of ["USER", "PASSWORD", "HOST", "PATH", "QUERY", "FRAGMENT"] as const) {
      expect(() => url.set(part, value), part).toThrow();
    }
    const whole = Buffer.concat([Buffer.from("http://a/"), Buffer.from(value)]);
    expect(() => url.set("URL", typeof value === "string" ? `http://a/${value}` : whole)).toThrow();
    expect(() => new CurlUrl(whole)).toThrow();
  }
});

test("subprotocols of a WebSocket", () => {
  for (const value of BAD) expect(() => readProtocols(value)).toThrow(/subprotocol/);
});

describe("on the wire", () => {
  let recorder: Recorder;
  beforeAll(async () => {
    recorder = await record("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  });
  afterAll(() => recorder[Symbol.asyncDispose]());

  test("fetch refuses them in methods, headers and options of curl", async () => {
    const before = recorder.received.length;
    for (const value of BREAKS) {
      const inits = [
        { method: `GET${value}` },
        { headers: { "X-A": `1${value}1` } },
        { curl: { USERAGENT: value } },
        { curl: { RANGE: value } },
        { curl: { COOKIE: value } },
        { curl: { REQUEST_TARGET: value } },
        { curl: { PROXYHEADER: [value] } },
      ];
      for (const init of inits) {
        expect(await failure(get(recorder.url, init))).toBeInstanceOf(TypeError);
      }
      const sync = () => fetchSync(recorder.url, { headers: { "X-A": `1${value}1` } });
      expect(sync).toThrow(TypeError);
    }
    expect(recorder.received.length).toBe(before);
  });

  test("those in a URL arrive encoded, and in its credentials they are refused", async () => {
    await get(`${recorder.url}a\r\nX-B: 1?c\nd`);
    expect(recorder.lines().some((line) => line.startsWith("X-B"))).toBe(false);
    const url = recorder.url.replace("//", "//user%0d%0aX-B:secret%0a@");
    const error = await failure(get(url));
    expect(error).toBeInstanceOf(TypeError);
    expect(codeOf(error)).toBe("CURLE_BAD_FUNCTION_ARGUMENT");
    expect(String(error)).not.toContain("secret");
  });

  test("no command of FTP, mail or another line protocol comes out of a URL", async () => {
    const host = new URL(recorder.url).host, before = recorder.received.length;
    const schemes = ["ftp", "smtp", "pop3", "imap", "dict"];
    const spoken = schemes.filter((scheme) => versionInfo().protocols.includes(scheme));
    expect(spoken).toContain("ftp");
    for (const scheme of spoken) {
      using easy = new Easy();
      const user = scheme === "dict" ? "" : "a%0d%0aNOOP:b@", path = "d%0d%0aNOOP:x";
      easy.setOpts({ URL: `${scheme}://${user}${host}/${path}`, TIMEOUT_MS: 5000 });
      expect(refusal(() => easy.perform()), scheme).toBeInstanceOf(CurlEasyError);
    }
    for (const text of recorder.received.slice(before)) expect(text).not.toMatch(/^NOOP/m);
    const quote = upload("x", `ftp://${host}/a`, { curl: { QUOTE: ["NOOP\r\nDELE a"] } });
    expect(await failure(quote)).toBeInstanceOf(TypeError);
  });
});
