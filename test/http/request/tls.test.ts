// TLS: whom it trusts, who it is, and what it says when that fails.
import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import type { UrlKind } from "../../server/start.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import type { FetchCurlOptions } from "../../../src/http/request/plan.ts";
import { codeOf, echo, failure, get } from "../support.ts";

const server = useServer("tls", "http");

const over = (kind: UrlKind, curl: FetchCurlOptions) =>
  echo(server.url("/echo", kind), { curl: { FRESH_CONNECT: 1, ...curl } });
const problem = (kind: UrlKind, curl: FetchCurlOptions) =>
  failure(get(server.url("/echo", kind), { curl: { FRESH_CONNECT: 1, ...curl } }));

const { caBlob, expiryWords, forgetsCa, keyBlobs, keyFiles } = libcurl;

describe("the server's certificate", () => {
  test("is checked against CAINFO", async () => {
    expect((await over("https", { CAINFO: server.ca })).tls).toBeTruthy();
  });

  test.skipIf(!caBlob.holds)(`is checked against CAINFO_BLOB${caBlob.note}`, async () => {
    const CAINFO_BLOB = await readFile(server.ca);
    expect((await over("https", { CAINFO_BLOB })).tls).toBeTruthy();
    const text = new TextEncoder().encode("no certificate");
    expect(await problem("https", { CAINFO_BLOB: text })).toBeInstanceOf(TypeError);
  });

  test.skipIf(!forgetsCa.holds)(
    `of an unknown CA, an expired one, or of another host is refused, and why${forgetsCa.note}`,
    async () => {
      const CAINFO = server.ca;
      const cases: [UrlKind, FetchCurlOptions, RegExp][] = [
        ["https", {}, /issuer|self[- ]signed|certificate/i],
        ["expired", { CAINFO }, expiryWords.holds ? /expired/i : /certificate/i],
        ["wronghost", { CAINFO }, /no alternative certificate subject name|does not match/i],
      ];
      for (const [kind, curl, why] of cases) {
        const error = await problem(kind, curl);
        expect(error, kind).toBeInstanceOf(TypeError);
        expect(codeOf(error)).toBe("CURLE_PEER_FAILED_VERIFICATION");
        expect(String(error)).toMatch(why);
        expect(String(error)).toContain(`127.0.0.1:${server[kind]}`);
      }
    },
  );

  test.skipIf(!forgetsCa.holds)(
    `is not checked where that is switched off${forgetsCa.note}`,
    async () => {
      expect((await over("https", { SSL_VERIFYPEER: 0 })).tls).toBeTruthy();
      expect((await over("expired", { SSL_VERIFYPEER: false })).tls).toBeTruthy();
      const curl = { CAINFO: server.ca, SSL_VERIFYHOST: 0 };
      expect((await over("wronghost", curl)).tls).toBeTruthy();
      expect(await problem("https", { SSL_VERIFYPEER: null })).toBeInstanceOf(TypeError);
    },
  );

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
  test.skipIf(!keyFiles.holds)(`is shown, from files${keyFiles.note}`, async () => {
    const CAINFO = server.ca;
    const files = { SSLCERT: server.clientCert, SSLKEY: server.clientKey };
    expect((await over("mtls", { CAINFO, ...files })).tls?.client).toBe("curlew test client");
  });

  test.skipIf(!keyBlobs.holds)(`is shown, from blobs${keyBlobs.note}`, async () => {
    const CAINFO = server.ca;
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
    // OpenSSL's code, and what the others make of it
    expect(codeOf(none)).toMatch(/CURLE_(SSL_CERTPROBLEM|SSL_CONNECT_ERROR|RECV_ERROR)/);
  });
});

test("plain HTTP on a TLS port, and TLS on a plain one, fail", async () => {
  const plain = `https://127.0.0.1:${server.http}/`;
  expect(codeOf(await failure(get(plain)))).toBe("CURLE_SSL_CONNECT_ERROR");
  // libcurl 8.14 would take the TLS connection that another test has left open
  const curl = { FRESH_CONNECT: 1 };
  const secured = `http://127.0.0.1:${server.https}/`;
  expect(await failure(get(secured, { curl }))).toBeInstanceOf(TypeError);
});
