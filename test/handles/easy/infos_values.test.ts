// Each info of the table on a transfer that gives it a value, and that value.
import { describe, expect, test } from "vitest";
import { type InfoRow, infos } from "../../../ffi/curl/infos.ts";
import { native } from "../../../ffi/mod.ts";
import {
  Agent,
  constants,
  type EasyOptions,
  type InfoName,
  type TlsSessionInfo,
  versionInfo,
} from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { startRtsp } from "../callbacks/rtsp.ts";
import { ALPN, libcurl } from "../../versions.ts";
import { codeOf, get, Transfer, versionNum } from "../easy_support.ts";

const table: Readonly<Record<string, InfoRow>> = infos;

const { queueTime, verifyResult } = libcurl;

const server = useServer("http", "https", "h2", "ftp", "proxy", "proxyTls", "socks");

/** A value, an asymmetric matcher, or what must be true of the value. */
type Wanted = { readonly [N in InfoName]?: unknown };

/** A transfer, and what its infos are to be. */
interface Case {
  readonly of: string;
  run(): Transfer | Promise<Transfer>;
  /** Made after the transfer; the names are the same before it. */
  wanted(easy: Transfer): Wanted;
}

const https = (path: string, options: EasyOptions = {}) =>
  get(server.url(path, "https"), { CAINFO: server.ca, ...options });
const through = (proxy: number, options: EasyOptions = {}): EasyOptions => ({
  NOPROXY: "",
  PROXY: `http://127.0.0.1:${proxy}`,
  ...options,
});
const between = (low: number, high: number) => (value: number) => value >= low && value <= high;
const positive = (value: number) => value > 0 && Number.isFinite(value);
/** Seconds that are the same time as microseconds of another info. */
const secondsOf = (easy: Transfer, other: InfoName) => (value: number) =>
  Math.abs(value * 1e6 - (easy.getInfo(other) as number)) <= 1;
const number = (easy: Transfer, name: InfoName) => easy.getInfo(name) as number;

const CASES: readonly Case[] = [
  {
    of: "a GET over HTTPS after a redirect",
    run: () =>
      https("/redirect/0", {
        FOLLOWLOCATION: true,
        REFERER: "http://referer.test/",
        COOKIEFILE: "",
        COOKIELIST: "Set-Cookie: a=1; domain=cookies.test",
        CERTINFO: true,
        PRIVATE: { mine: true },
      }),
    wanted: (easy) => ({
      RESPONSE_CODE: 200,
      HTTP_CODE: 200,
      EFFECTIVE_URL: server.url("/small", "https"),
      EFFECTIVE_METHOD: "GET",
      CONTENT_TYPE: "application/json",
      REFERER: "http://referer.test/",
      SCHEME: (value: string) => value.toLowerCase() === "https",
      PROTOCOL: constants.CURLPROTO_HTTPS,
      HTTP_VERSION: constants.CURL_HTTP_VERSION_1_1,
      PRIMARY_IP: "127.0.0.1",
      PRIMARY_PORT: server.https,
      LOCAL_IP: "127.0.0.1",
      LOCAL_PORT: between(1024, 65535),
      NUM_CONNECTS: 1,
      REDIRECT_COUNT: 1,
      REDIRECT_TIME_T: between(1, number(easy, "TOTAL_TIME_T")),
      REDIRECT_TIME: secondsOf(easy, "REDIRECT_TIME_T"),
      REDIRECT_URL: null,
      SSL_VERIFYRESULT: 0,
      CERTINFO: expect.arrayContaining([
        expect.arrayContaining([expect.stringMatching(/^Subject:.*curlew test server/)]),
      ]),
      COOKIELIST: [expect.stringMatching(/^\.?cookies\.test\t.*\ta\t1$/)],
      PRIVATE: { mine: true },
      SIZE_DOWNLOAD_T: easy.bytes.length,
      SIZE_DOWNLOAD: easy.bytes.length,
      CONTENT_LENGTH_DOWNLOAD_T: easy.bytes.length,
      CONTENT_LENGTH_DOWNLOAD: easy.bytes.length,
      SIZE_UPLOAD_T: 0,
      CONTENT_LENGTH_UPLOAD_T: between(-1, 0),
      SPEED_DOWNLOAD_T: positive,
      SPEED_DOWNLOAD: (value: number) => Math.abs(value - number(easy, "SPEED_DOWNLOAD_T")) <= 1,
      HEADER_SIZE: between(100, 2000),
      REQUEST_SIZE: between(100, 2000),
      CONDITION_UNMET: 0,
      FILETIME: -1,
      ACTIVESOCKET: between(3, 100_000),
      LASTSOCKET: easy.getInfo("ACTIVESOCKET"),
      OS_ERRNO: 0,
      HTTP_CONNECTCODE: 0,
      HTTPAUTH_AVAIL: 0,
      PROXYAUTH_AVAIL: 0,
      PROXY_ERROR: 0,
      USED_PROXY: 0,
      HTTPAUTH_USED: 0,
      PROXYAUTH_USED: 0,
      EARLYDATA_SENT_T: 0,
      RETRY_AFTER: 0,
      CONN_ID: (value: number) => value >= 0,
      XFER_ID: (value: number) => value >= 0,
      CAINFO: versionInfo().cainfo, // the defaults, whatever is set
      CAPATH: versionInfo().capath,
    }),
  },
  {
    of: "its stages, in their order",
    run: () => https("/delay/30"),
    wanted: (easy) => {
      const stage = (from: InfoName | 0, to: InfoName) =>
        between(from === 0 ? 1 : number(easy, from), number(easy, to));
      return {
        NAMELOOKUP_TIME_T: stage(0, "CONNECT_TIME_T"),
        CONNECT_TIME_T: stage("NAMELOOKUP_TIME_T", "APPCONNECT_TIME_T"),
        APPCONNECT_TIME_T: stage("CONNECT_TIME_T", "PRETRANSFER_TIME_T"),
        PRETRANSFER_TIME_T: stage("APPCONNECT_TIME_T", "STARTTRANSFER_TIME_T"),
        POSTTRANSFER_TIME_T: stage("PRETRANSFER_TIME_T", "STARTTRANSFER_TIME_T"),
        STARTTRANSFER_TIME_T: between(
          number(easy, "PRETRANSFER_TIME_T") + 20_000,
          number(easy, "TOTAL_TIME_T"),
        ),
        TOTAL_TIME_T: between(20_000, 10_000_000),
        QUEUE_TIME_T: between(0, number(easy, "TOTAL_TIME_T")),
        NAMELOOKUP_TIME: secondsOf(easy, "NAMELOOKUP_TIME_T"),
        CONNECT_TIME: secondsOf(easy, "CONNECT_TIME_T"),
        APPCONNECT_TIME: secondsOf(easy, "APPCONNECT_TIME_T"),
        PRETRANSFER_TIME: secondsOf(easy, "PRETRANSFER_TIME_T"),
        STARTTRANSFER_TIME: secondsOf(easy, "STARTTRANSFER_TIME_T"),
        TOTAL_TIME: secondsOf(easy, "TOTAL_TIME_T"),
      };
    },
  },
  {
    of: "a PUT",
    run() {
      const body = new Uint8Array(5000);
      let sent = 0;
      return get(server.url("/upload"), {
        UPLOAD: true,
        INFILESIZE_LARGE: body.length,
        READFUNCTION: (buffer) => {
          const part = body.subarray(sent, sent + buffer.length);
          buffer.set(part);
          sent += part.length;
          return part.length;
        },
      });
    },
    wanted: (easy) => ({
      RESPONSE_CODE: 201,
      EFFECTIVE_METHOD: "PUT",
      SIZE_UPLOAD_T: 5000,
      SIZE_UPLOAD: 5000,
      CONTENT_LENGTH_UPLOAD_T: 5000,
      CONTENT_LENGTH_UPLOAD: 5000,
      SPEED_UPLOAD_T: positive,
      SPEED_UPLOAD: (value: number) => Math.abs(value - number(easy, "SPEED_UPLOAD_T")) <= 1,
      SCHEME: (value: string) => value.toLowerCase() === "http",
      PROTOCOL: constants.CURLPROTO_HTTP,
      CERTINFO: [],
    }),
  },
  {
    of: "a compressed body",
    run: () => get(server.url("/gzip"), { ACCEPT_ENCODING: "gzip" }),
    wanted: (easy) => ({
      SIZE_DOWNLOAD_T: between(1, 200),
      SIZE_DELIVERED: easy.bytes.length,
    }),
  },
  {
    of: "a redirect that is not followed",
    run: () => get(server.url("/redirect/3")),
    wanted: () => ({
      RESPONSE_CODE: 302,
      REDIRECT_COUNT: 0,
      REDIRECT_TIME_T: 0,
      REDIRECT_URL: server.url("/redirect/2"),
    }),
  },
  {
    of: "a document that is older than TIMEVALUE",
    run: () =>
      get(server.url("/bytes/10"), {
        FILETIME: true,
        TIMECONDITION: constants.CURL_TIMECOND_IFMODSINCE,
        TIMEVALUE: Date.UTC(2021, 0, 1) / 1000,
      }),
    wanted: () => ({
      CONDITION_UNMET: 1,
      FILETIME: Date.UTC(2020, 0, 1) / 1000,
      FILETIME_T: Date.UTC(2020, 0, 1) / 1000,
    }),
  },
  {
    of: "Retry-After",
    run: () => get(server.url("/with?Retry-After=7")),
    wanted: () => ({ RETRY_AFTER: 7 }),
  },
  {
    of: "HTTP/2",
    run: () => get(server.url("/small", "h2"), { CAINFO: server.ca, ...ALPN }),
    wanted: () => ({ HTTP_VERSION: constants.CURL_HTTP_VERSION_2_0, PRIMARY_PORT: server.h2 }),
  },
  {
    of: "a login that is wanted",
    run: () => get(server.url("/basic/me/secret")),
    wanted: () => ({
      RESPONSE_CODE: 401,
      HTTPAUTH_AVAIL: constants.CURLAUTH_BASIC,
      HTTPAUTH_USED: 0,
    }),
  },
  {
    of: "a login",
    run: () =>
      get(server.url("/basic/me/secret"), {
        USERPWD: "me:secret",
        HTTPAUTH: constants.CURLAUTH_ANY,
      }),
    wanted: () => ({ RESPONSE_CODE: 200, HTTPAUTH_USED: constants.CURLAUTH_BASIC }),
  },
  {
    of: "a tunnel through a proxy",
    run: () => get(server.url("/small"), through(server.proxy, { HTTPPROXYTUNNEL: true })),
    wanted: () => ({ HTTP_CONNECTCODE: 200, USED_PROXY: 1, PRIMARY_PORT: server.proxy }),
  },
  {
    of: "a proxy that wants a login",
    run: () => get(server.url("/small"), through(server.proxyAuth)),
    wanted: () => ({
      RESPONSE_CODE: 407,
      PROXYAUTH_AVAIL: constants.CURLAUTH_BASIC,
      PROXYAUTH_USED: 0,
    }),
  },
  {
    of: "a proxy that gets one",
    run: () =>
      get(
        server.url("/small"),
        through(server.proxyAuth, {
          PROXYUSERPWD: "user:pass",
          PROXYAUTH: constants.CURLAUTH_ANY,
        }),
      ),
    wanted: () => ({ RESPONSE_CODE: 200, PROXYAUTH_USED: constants.CURLAUTH_BASIC }),
  },
  {
    of: "a proxy behind TLS that nobody vouches for",
    run: () =>
      get(server.url("/small"), {
        NOPROXY: "",
        PROXY: `https://localhost:${server.proxyTls}`,
        PROXY_SSL_VERIFYPEER: false,
      }),
    wanted: () => ({
      // GnuTLS and NSS have no number for it
      PROXY_SSL_VERIFYRESULT: (value: number) => (value !== 0) === verifyResult.holds,
    }),
  },
  {
    of: "a SOCKS proxy that refuses",
    run() {
      const easy = new Transfer(server.url("/small"), {
        NOPROXY: "",
        PROXY: `socks5://127.0.0.1:${server.socksAuth}`,
      });
      expect(codeOf(() => easy.perform())).toBe(97);
      return easy;
    },
    wanted: () => ({ PROXY_ERROR: constants.CURLPX_NO_AUTH }),
  },
  {
    of: "a server that is not there",
    run() {
      const easy = new Transfer("http://127.0.0.1:1/");
      expect(codeOf(() => easy.perform())).toBe(7);
      return easy;
    },
    wanted: () => ({
      OS_ERRNO: positive,
      RESPONSE_CODE: 0,
      PRIMARY_PORT: (value: number) => value <= 1,
      ACTIVESOCKET: -1,
      LASTSOCKET: -1,
      APPCONNECT_TIME_T: 0,
    }),
  },
  {
    of: "FTP",
    run: () => get(server.url("/hello.txt", "ftp")),
    wanted: () => ({ FTP_ENTRY_PATH: "/", RESPONSE_CODE: 226, PROTOCOL: constants.CURLPROTO_FTP }),
  },
  {
    of: "RTSP",
    async run() {
      const rtsp = await startRtsp();
      const easy = new Transfer("", { ...rtsp.play(), INTERLEAVEFUNCTION: (b) => b.length });
      easy.setOpt("RTSP_CLIENT_CSEQ", 7);
      easy.setOpt("RTSP_SERVER_CSEQ", 3);
      easy.perform();
      await rtsp.close();
      return easy;
    },
    wanted: () => ({
      RTSP_SESSION_ID: "12345",
      RTSP_CLIENT_CSEQ: 8,
      RTSP_SERVER_CSEQ: 3,
      RTSP_CSEQ_RECV: 7,
    }),
  },
  {
    of: "the library itself",
    run: () => get(server.url("/small")),
    wanted: () => ({
      SSL_ENGINES: (value: string[]) => value.every((name) => name.length > 0),
      TLS_SESSION: (value: TlsSessionInfo) => value.backend >= 0,
      TLS_SSL_PTR: (value: TlsSessionInfo) => value.backend >= 0,
    }),
  },
];

function deviations(easy: Transfer, wanted: Wanted): unknown[] {
  const found: unknown[] = [];
  for (const [name, expected] of Object.entries(wanted) as [InfoName, unknown][]) {
    if (table[name]!.since > versionNum) continue; // refused: see infos.test.ts
    const value: unknown = easy.getInfo(name);
    if (typeof expected !== "function") expect([name, value]).toEqual([name, expected]);
    else if (!(expected as (value: unknown) => boolean)(value)) found.push([name, value]);
  }
  return found;
}

test.each(CASES)("the infos of $of", async ({ run, wanted }) => {
  using easy = await run();
  const all = wanted(easy);
  expect(deviations(easy, all)).toEqual([]);
});

describe("of a connection", () => {
  test("CONN_ID is the same while it is kept, XFER_ID another for each transfer (since 8.2)", () => {
    if (versionNum < 0x080200) {
      using easy = new Transfer(server.url("/small"));
      expect(codeOf(() => easy.getInfo("CONN_ID"))).toBe(48);
      return;
    }
    using easy = get(server.url("/small"));
    const first = [easy.getInfo("CONN_ID"), easy.getInfo("XFER_ID")] as const;
    easy.perform();
    expect(easy.getInfo("CONN_ID")).toBe(first[0]);
    expect(easy.getInfo("XFER_ID")).not.toBe(first[1]);
    easy.setOpt("FRESH_CONNECT", true);
    easy.perform();
    expect(easy.getInfo("CONN_ID")).not.toBe(first[0]);
  });

  test.skipIf(!queueTime.holds)(`QUEUE_TIME_T is the wait for one${queueTime.note}`, async () => {
    await using agent = new Agent({ maxConnections: 1 });
    using first = new Transfer(server.url("/delay/100"));
    using second = new Transfer(server.url("/small"));
    await Promise.all([agent.perform(first), agent.perform(second)]);
    expect(second.getInfo("QUEUE_TIME_T")).toBeGreaterThan(50_000);
  });

  test("TLS_SSL_PTR leads to the TLS library's own object while there is one", () => {
    let during: unknown;
    using easy = new Transfer(server.url("/small", "https"), {
      CAINFO: server.ca,
      WRITEFUNCTION: (bytes) => {
        during = easy.getInfo("TLS_SSL_PTR")?.internals;
        return bytes.length;
      },
    });
    easy.perform();
    expect(native.address(during as Parameters<typeof native.address>[0])).toBeGreaterThan(0);
  });
});

test("no info of the table is left out", () => {
  using idle = new Transfer("");
  const named = CASES.flatMap(({ wanted }) => Object.keys(wanted(idle)));
  expect(Object.keys(table).filter((name) => !named.includes(name))).toEqual([]);
});
