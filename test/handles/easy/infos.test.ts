// All infos of all kinds, on a real transfer.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type InfoKind, type InfoRow, infos } from "../../../ffi/curl/infos.ts";
import { native } from "../../../ffi/mod.ts";
import { constants, Easy, type InfoName, type TlsSessionInfo } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { codeOf, failure, get, Transfer, versionNum } from "../easy_support.ts";

const rows = Object.entries(infos as Readonly<Record<string, InfoRow>>) as [InfoName, InfoRow][];
const known = (id: number) =>
  Math.min(...rows.filter(([, row]) => row.id === id).map(([, row]) => row.since)) <= versionNum;

const server = useServer("http", "https", "ftp", "proxy");

describe(`each of the ${rows.length} rows of the table`, () => {
  const isKind: Record<InfoKind, (value: unknown) => boolean> = {
    string: (value) => value === null || typeof value === "string",
    long: Number.isSafeInteger,
    off_t: Number.isSafeInteger,
    socket: Number.isSafeInteger,
    double: (value) => typeof value === "number" && Number.isFinite(value),
    slist: (value) => Array.isArray(value) && value.every((line) => typeof line === "string"),
    certinfo: (value) => Array.isArray(value) && value.every(Array.isArray),
    tlssession: (value) => typeof (value as TlsSessionInfo).backend === "number",
    pointer: () => true,
  };

  const deviations = (easy: Easy) =>
    rows.flatMap(([name, { id, kind }]) =>
      [name, id].flatMap((which) => {
        if (!known(id)) return codeOf(() => easy.getInfo(which as InfoName)) === 48 ? [] : [which];
        const value = easy.getInfo(which as InfoName);
        return isKind[kind](value) ? [] : [[which, kind, value]];
      })
    );

  test("is readable before any transfer, by name and by number", () => {
    using easy = new Easy();
    expect(deviations(easy)).toEqual([]);
  });

  test("is readable after a transfer over https", () => {
    using easy = get(server.url("/small", "https"), { CAINFO: server.ca, CERTINFO: true });
    expect(deviations(easy)).toEqual([]);
  });

  test("is readable after a transfer that failed", () => {
    using easy = new Transfer("http://127.0.0.1:1/");
    expect(codeOf(() => easy.perform())).toBe(7);
    expect(deviations(easy)).toEqual([]);
    expect(easy.getInfo("OS_ERRNO")).toBeGreaterThan(0);
  });

  test("is readable inside a callback", () => {
    let found: unknown[] | undefined;
    using easy = new Transfer(server.url("/small"), {
      WRITEFUNCTION: (bytes) => (found ??= deviations(easy), bytes.length),
    });
    easy.perform();
    expect(found).toEqual([]);
  });
});

const { refererInfo } = libcurl;

describe("on a transfer", () => {
  test("strings are strings, and null where there is none", () => {
    using easy = get(server.url("/redirect/1"));
    expect(easy.getInfo("EFFECTIVE_URL")).toBe(server.url("/redirect/1"));
    expect(easy.getInfo("EFFECTIVE_METHOD")).toBe("GET");
    expect(easy.getInfo("PRIMARY_IP")).toBe("127.0.0.1");
    expect(easy.getInfo("LOCAL_IP")).toBe("127.0.0.1");
    expect(easy.getInfo("SCHEME")?.toLowerCase()).toBe("http");
    expect(easy.getInfo("REDIRECT_URL")).toBe(server.url("/redirect/0"));
    for (const name of ["CONTENT_TYPE", "REFERER", "RTSP_SESSION_ID", "FTP_ENTRY_PATH"] as const) {
      if (!refererInfo.holds && name === "REFERER") continue;
      expect([name, easy.getInfo(name)]).toEqual([name, null]);
    }
    using ftp = get(server.url("/hello.txt", "ftp"));
    expect(ftp.getInfo("FTP_ENTRY_PATH")).toBe("/");
    ftp.perform();
    expect(ftp.getInfo("FTP_ENTRY_PATH")).toBe("/");
    ftp.setOpt("URL", server.url("/small"));
    ftp.perform();
    expect(ftp.getInfo("FTP_ENTRY_PATH")).toBeNull();
  });

  test.skipIf(!refererInfo.holds)(
    `a string that is not ASCII comes back as it was${refererInfo.note}`,
    () => {
      const referer = "http://zürich.test/東京";
      using easy = get(server.url("/small"), { REFERER: referer });
      expect(easy.getInfo("REFERER")).toBe(referer);
    },
  );

  test("longs are numbers", () => {
    using easy = get(server.url("/redirect/1"), { FOLLOWLOCATION: true });
    expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
    expect(easy.getInfo("HTTP_CODE")).toBe(200);
    expect(easy.getInfo("REDIRECT_COUNT")).toBe(2);
    expect(easy.getInfo("NUM_CONNECTS")).toBe(1);
    expect(easy.getInfo("PRIMARY_PORT")).toBe(server.http);
    expect(easy.getInfo("LOCAL_PORT")).toBeGreaterThan(1023);
    expect(easy.getInfo("HTTP_VERSION")).toBe(constants.CURL_HTTP_VERSION_1_1);
    expect(easy.getInfo("HEADER_SIZE")).toBeGreaterThan(50);
    expect(easy.getInfo("FILETIME")).toBe(-1);
  });

  test("doubles are seconds and bytes, off_ts microseconds and bytes", () => {
    using easy = get(server.url("/delay/50"));
    const total = easy.getInfo("TOTAL_TIME"), totalT = easy.getInfo("TOTAL_TIME_T");
    expect(total).toBeGreaterThan(0.045);
    expect(total).toBeLessThan(5);
    expect(totalT).toBe(Math.round(total * 1e6));
    expect(easy.getInfo("STARTTRANSFER_TIME_T")).toBeLessThanOrEqual(totalT);
    const size = easy.bytes.length;
    expect(easy.getInfo("SIZE_DOWNLOAD")).toBe(size);
    expect(easy.getInfo("SIZE_DOWNLOAD_T")).toBe(size);
    expect(easy.getInfo("CONTENT_LENGTH_DOWNLOAD_T")).toBe(size);
    using unknown = get(server.url("/chunked/5"));
    expect(unknown.getInfo("CONTENT_LENGTH_DOWNLOAD_T")).toBe(-1);
    expect(unknown.getInfo("CONTENT_LENGTH_DOWNLOAD")).toBe(-1);
  });

  test("an off_t beyond 2^32 is exact", () => {
    using easy = get(server.url("/bytes/123456789012"), { NOBODY: true });
    expect(easy.getInfo("CONTENT_LENGTH_DOWNLOAD_T")).toBe(123456789012);
    expect(easy.getInfo("CONTENT_LENGTH_DOWNLOAD")).toBe(123456789012);
  });

  test("FILETIME is a time where it was asked for", () => {
    using easy = get(server.url("/bytes/1"), { FILETIME: true });
    const time = Date.UTC(2020, 0, 1) / 1000;
    expect([easy.getInfo("FILETIME"), easy.getInfo("FILETIME_T")]).toEqual([time, time]);
  });

  test("COOKIELIST is a list of lines, which COOKIELIST takes again", () => {
    using easy = get(server.url("/cookies/set?a=1&b=zw%C3%B6lf"), { COOKIEFILE: "" });
    const list = easy.getInfo("COOKIELIST");
    expect(list).toHaveLength(2);
    expect(list[0]?.split("\t")).toEqual(["127.0.0.1", "FALSE", "/", "FALSE", "0", "a", "1"]);
    using other = new Transfer(server.url("/cookies"), { COOKIEFILE: "" });
    for (const line of list) other.setOpt("COOKIELIST", line);
    expect(other.run().json).toMatchObject({ a: "1" });
    other.setOpt("COOKIELIST", "ALL");
    expect(other.getInfo("COOKIELIST")).toEqual([]);
  });

  test("SSL_ENGINES is a list, empty where the TLS library has none", () => {
    using easy = new Easy();
    expect(easy.getInfo("SSL_ENGINES").every((name) => name.length > 0)).toBe(true);
  });

  test("ACTIVESOCKET is the descriptor, -1 where none is open", () => {
    using easy = new Transfer(server.url("/small"));
    expect(easy.getInfo("ACTIVESOCKET")).toBe(-1);
    expect(easy.run().getInfo("ACTIVESOCKET")).toBeGreaterThan(2);
    easy.setOpts({ FRESH_CONNECT: true, FORBID_REUSE: true });
    expect(easy.run().getInfo("ACTIVESOCKET")).toBe(-1);
  });

  test("HTTP_CONNECTCODE and PROXYAUTH_AVAIL tell of the proxy", () => {
    using easy = get(server.url("/small"), {
      NOPROXY: "",
      PROXY: `http://127.0.0.1:${server.proxy}`,
      HTTPPROXYTUNNEL: true,
    });
    expect(easy.getInfo("HTTP_CONNECTCODE")).toBe(200);
    expect(easy.getInfo("PROXYAUTH_AVAIL")).toBe(0);
  });
});

describe("of TLS", () => {
  test("CERTINFO has a list of lines for each certificate", () => {
    const CAINFO = server.ca;
    using easy = get(server.url("/small", "https"), { CAINFO, CERTINFO: true });
    const [certificate] = easy.getInfo("CERTINFO");
    expect(certificate).toEqual(expect.arrayContaining([
      expect.stringMatching(/^Subject:.*curlew test server/),
      expect.stringMatching(/^Cert:-----BEGIN CERTIFICATE-----/),
    ]));
    using without = get(server.url("/small", "https"), { CAINFO });
    expect(without.getInfo("CERTINFO")).toEqual([]);
  });

  test("TLS_SSL_PTR and TLS_SESSION name the library, with its object while connected", () => {
    let during: TlsSessionInfo | null = null;
    using easy = new Transfer(server.url("/small", "https"), {
      CAINFO: server.ca,
      WRITEFUNCTION: (bytes) => (during = easy.getInfo("TLS_SSL_PTR"), bytes.length),
    });
    easy.perform();
    const { backend, internals } = during as unknown as TlsSessionInfo;
    expect(backend).toBeGreaterThan(constants.CURLSSLBACKEND_NONE);
    expect(native.address(internals)).toBeGreaterThan(0);
    expect(easy.getInfo("TLS_SESSION")?.backend).toBe(backend);
  });

  test("SSL_VERIFYRESULT is that of the TLS library", () => {
    const url = server.url("/small", "https");
    using easy = get(url, { SSL_VERIFYPEER: false });
    // GnuTLS and NSS have no number for it
    expect(easy.getInfo("SSL_VERIFYRESULT") !== 0).toBe(libcurl.verifyResult.holds);
    using verified = get(url, { CAINFO: server.ca });
    expect(verified.getInfo("SSL_VERIFYRESULT")).toBe(0);
  });

  test("CAINFO is the library's default, or what was set", () => {
    if (versionNum < 0x075400) return;
    using easy = new Easy();
    const initial = easy.getInfo("CAINFO");
    if (initial !== null) expect(readFileSync(initial).length).toBeGreaterThan(0);
  });
});

test("an unknown info throws CURLE_UNKNOWN_OPTION, by name and by number", () => {
  using easy = new Easy();
  const names = ["NO_SUCH_INFO", "", "response_code", "__proto__", "URL", null, {}, undefined];
  const numbers = [0, -1, 1.5, 0x1000ff, 0x2000ff, 0x3000ff, 0x4000ff, 0x5000ff, 0x6000ff, 2 ** 32];
  for (const which of [...names, ...numbers]) {
    const error = failure(() => easy.getInfo(which as never));
    expect([which, error.code, error.codeName]).toEqual([which, 48, "CURLE_UNKNOWN_OPTION"]);
  }
});
