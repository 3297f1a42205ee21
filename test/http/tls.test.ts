// TLS: whom it trusts, who it is, and what it says when that fails.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer, type UrlKind } from "../server/start.ts";
import type { FetchCurlOptions } from "../../src/http/request.ts";
import { codeOf, echo, failure, get } from "./support.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer("tls", "http");
});
afterAll(() => server.close());

const over = (kind: UrlKind, curl: FetchCurlOptions) =>
  echo(server.url("/echo", kind), { curl: { FRESH_CONNECT: 1, ...curl } });
const problem = (kind: UrlKind, curl: FetchCurlOptions) =>
  failure(get(server.url("/echo", kind), { curl: { FRESH_CONNECT: 1, ...curl } }));

describe("the server's certificate", () => {
  test("is checked against CAINFO or CAINFO_BLOB", async () => {
    expect((await over("https", { CAINFO: server.ca })).tls).toBeTruthy();
    const CAINFO_BLOB = await readFile(server.ca);
    expect((await over("https", { CAINFO_BLOB })).tls).toBeTruthy();
    const text = new TextEncoder().encode("no certificate");
    expect(await problem("https", { CAINFO_BLOB: text })).toBeInstanceOf(TypeError);
  });

  test("of an unknown CA, an expired one, or of another host is refused, and why", async () => {
    const CAINFO = server.ca;
    const cases: [UrlKind, FetchCurlOptions, RegExp][] = [
      ["https", {}, /issuer|self[- ]signed|certificate/i],
      ["expired", { CAINFO }, /expired/i],
      ["wronghost", { CAINFO }, /no alternative certificate subject name|does not match/i],
    ];
    for (const [kind, curl, why] of cases) {
      const error = await problem(kind, curl);
      expect(error, kind).toBeInstanceOf(TypeError);
      expect(codeOf(error)).toBe("CURLE_PEER_FAILED_VERIFICATION");
      expect(String(error)).toMatch(why);
      expect(String(error)).toContain(`127.0.0.1:${server[kind]}`);
    }
  });

  test("is not checked where that is switched off", async () => {
    expect((await over("https", { SSL_VERIFYPEER: 0 })).tls).toBeTruthy();
    expect((await over("expired", { SSL_VERIFYPEER: false })).tls).toBeTruthy();
    const curl = { CAINFO: server.ca, SSL_VERIFYHOST: 0 };
    expect((await over("wronghost", curl)).tls).toBeTruthy();
    expect(await problem("https", { SSL_VERIFYPEER: null })).toBeInstanceOf(TypeError);
  });

  test("is pinned by its key", async () => {
    const CAINFO = server.ca;
    expect((await over("https", { CAINFO, PINNEDPUBLICKEY: server.pin })).tls).toBeTruthy();
    const PINNEDPUBLICKEY = `sha256//${btoa("x".repeat(32))}`;
    const error = await problem("https", { CAINFO, PINNEDPUBLICKEY });
    expect(codeOf(error)).toBe("CURLE_SSL_PINNEDPUBKEYNOTMATCH");
  });

  test("is for the name in the URL", async () => {
    const url = `https://localhost:${server.https}/echo`;
    const { tls } = await echo(url, { curl: { CAINFO: server.ca } });
    expect(tls?.servername).toBe("localhost");
  });
});

describe("a client's certificate", () => {
  test("is shown, from files or blobs", async () => {
    const CAINFO = server.ca;
    const files = { SSLCERT: server.clientCert, SSLKEY: server.clientKey };
    expect((await over("mtls", { CAINFO, ...files })).tls?.client).toBe("curlew test client");
    const blobs = {
      SSLCERT_BLOB: await readFile(server.clientCert),
      SSLKEY_BLOB: await readFile(server.clientKey),
    };
    expect((await over("mtls", { CAINFO, ...blobs })).tls?.client).toBe("curlew test client");
  });

  test("that is missing, or no file, fails the fetch", async () => {
    const CAINFO = server.ca;
    const missing = await problem("mtls", { CAINFO });
    expect(missing).toBeInstanceOf(TypeError);
    expect(codeOf(missing)).toMatch(
      /CURLE_(RECV_ERROR|SSL_CONNECT_ERROR|SEND_ERROR|SSL_CERTPROBLEM)/,
    );
    const none = await problem("mtls", { CAINFO, SSLCERT: "/nowhere.pem", SSLKEY: "/nowhere.key" });
    expect(codeOf(none)).toBe("CURLE_SSL_CERTPROBLEM");
  });
});

test("HSTS of a file turns a plain URL into one with TLS", async () => {
  const folder = await mkdtemp(join(tmpdir(), "curlew-hsts-"));
  try {
    const HSTS = join(folder, "hsts.txt");
    await writeFile(HSTS, 'localhost "20991231 23:59:59"\n');
    const url = `http://localhost:${server.https}/echo`;
    const { tls } = await echo(url, { curl: { HSTS, CAINFO: server.ca } });
    expect(tls?.servername).toBe("localhost");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("plain HTTP on a TLS port, and TLS on a plain one, fail", async () => {
  const plain = `https://127.0.0.1:${server.http}/`;
  expect(codeOf(await failure(get(plain)))).toBe("CURLE_SSL_CONNECT_ERROR");
  expect(await failure(get(`http://127.0.0.1:${server.https}/`))).toBeInstanceOf(TypeError);
});
