/** Each fault of test/server/faults/faults.mjs, and the expected code of the transfer. */
import { constants, type EasyOptions } from "../../mod.ts";
import { ALPN, libcurl } from "../versions.ts";
import { SHORT_MS } from "./wire.ts";

/** A fault: the request, and the expected result. */
export interface Fault {
  readonly name: string;
  /** The protocol that is used with the server. */
  readonly by: "http" | "https" | "h2" | "proxy" | "socks";
  /** The name of the code without CURLE_, or `OK`; several where the kernel's timing decides. */
  readonly code: string;
  /** The code of an upload, if it differs. */
  readonly upload?: string;
  /** The code of a download, if it differs. */
  readonly download?: string;
  /** The code of `perform`, if it differs. */
  readonly perform?: string;
  readonly curl?: EasyOptions;
  /** Only for `perform`. */
  readonly own?: EasyOptions;
  /** The peer is silent: a timeout of so many ms ends the transfer. */
  readonly silent?: number;
}

type Row = Omit<Fault, "by" | "name">;
type Rows = Readonly<Record<string, Row | string>>;

/** One code or the other, depending on the loaded library. */
const by = (difference: keyof typeof libcurl, holds: string, not: string): string =>
  libcurl[difference].holds ? holds : not;

const TIMEOUT: Row = { code: "OPERATION_TIMEDOUT", silent: SHORT_MS };
const SLOW = { LOW_SPEED_LIMIT: 10_000_000, LOW_SPEED_TIME: 1 };
/**
 * A peer that closes in the middle of an upload: the code depends on which call notices it first.
 */
const GONE = "RECV_ERROR|SEND_ERROR", LEFT = `GOT_NOTHING|${GONE}`;
/** 7.74 has no limit of header bytes, but `fetch` has. */
const FLOOD: Row = libcurl.limitsHeaders.holds
  ? { code: "RECV_ERROR" }
  : { code: "RECV_ERROR", perform: "OPERATION_TIMEDOUT", own: { TIMEOUT_MS: 1000 } };

const HTTP: Rows = {
  "refused": "COULDNT_CONNECT",
  "black-hole": TIMEOUT,
  "silent": TIMEOUT,
  "reset-accept": `COULDNT_CONNECT|${GONE}`,
  "close-accept": { code: "GOT_NOTHING", upload: LEFT },
  "reset-request": { code: "RECV_ERROR", upload: GONE },
  "close-request": { code: "GOT_NOTHING", upload: LEFT },
  "silent-request": TIMEOUT,
  "reset-status": { code: "RECV_ERROR", upload: GONE },
  "close-status": { code: "GOT_NOTHING", upload: LEFT },
  "silent-status": TIMEOUT,
  "reset-headers": { code: "RECV_ERROR", upload: GONE },
  // libcurl takes an incomplete head for a complete one
  "close-headers": { code: "WEIRD_SERVER_REPLY", perform: "OK" },
  "silent-headers": TIMEOUT,
  "close-interim": "GOT_NOTHING",
  "reset-body": { code: "RECV_ERROR", upload: GONE },
  "close-body": { code: "PARTIAL_FILE", upload: LEFT },
  "cut-body": { code: "PARTIAL_FILE", upload: LEFT },
  "silent-body": TIMEOUT,
  "close-chunk": { code: "PARTIAL_FILE", upload: "UNSUPPORTED_PROTOCOL", download: "RECV_ERROR" },
  "bad-chunk": "RECV_ERROR",
  "huge-chunk": "RECV_ERROR",
  "long-length": "OK",
  "negative-length": "WEIRD_SERVER_REPLY",
  "two-lengths": {
    code: "WEIRD_SERVER_REPLY",
    perform: by("refusesTwoLengths", "WEIRD_SERVER_REPLY", "OK"),
  },
  "word-length": "WEIRD_SERVER_REPLY",
  "bad-gzip": "BAD_CONTENT_ENCODING",
  "bad-encoding": "BAD_CONTENT_ENCODING",
  "garbage": "UNSUPPORTED_PROTOCOL",
  "http09": "UNSUPPORTED_PROTOCOL",
  "http9": by("refusesHttp9", "UNSUPPORTED_PROTOCOL", "OK"),
  "no-status": "UNSUPPORTED_PROTOCOL",
  "nul-header": by("refusesNul", "WEIRD_SERVER_REPLY", "OK"),
  "huge-header": by("tooLarge", "TOO_LARGE", "OUT_OF_MEMORY"),
  "header-flood": FLOOD,
  "interim-flood": { ...FLOOD, code: by("tooLarge", "TOO_LARGE", "RECV_ERROR") },
  "drip": { code: "OPERATION_TIMEDOUT", curl: SLOW },
  "redirect": {
    code: "TOO_MANY_REDIRECTS",
    upload: "SEND_FAIL_REWIND",
    curl: { FRESH_CONNECT: 0, FORBID_REUSE: 0 },
    own: { FOLLOWLOCATION: 1, MAXREDIRS: 5 },
  },
};

const HTTPS: Rows = {
  "hello-reset": "SSL_CONNECT_ERROR",
  "hello-close": "SSL_CONNECT_ERROR",
  "hello-alert": "SSL_CONNECT_ERROR",
  "hello-garbage": "SSL_CONNECT_ERROR",
  "hello-half": "SSL_CONNECT_ERROR",
  "hello-silent": TIMEOUT,
  "expired": "PEER_FAILED_VERIFICATION",
  "wronghost": "PEER_FAILED_VERIFICATION",
  "mtls": { code: by("alertsReaders", "RECV_ERROR", GONE), upload: GONE },
  "tls-reset-body": {
    code: by("tellsResets", "RECV_ERROR", "RECV_ERROR|PARTIAL_FILE"),
    upload: GONE,
  },
  "tls-close-body": { code: "PARTIAL_FILE", upload: LEFT },
  "tls-cut-body": { code: by("hidesCutTls", "PARTIAL_FILE", "RECV_ERROR"), upload: LEFT },
  "tls-silent-request": TIMEOUT,
  "tls-drip": { code: "OPERATION_TIMEDOUT", curl: SLOW },
};

/** The codes of an error of the whole connection. */
const BROKEN = by("namesH2", "HTTP2", "GOT_NOTHING|PARTIAL_FILE|HTTP2");
const H2_CLOSED = by("endsH2", "PARTIAL_FILE", "OK");
const AGAIN = by("retriesGoaway", "RECV_ERROR", "HTTP2|GOT_NOTHING");

/**
 * The timeout for servers with ALPN: where that is unsafe, the timeout must not fall into the
 * handshake.
 */
export const ALPN_MS: number = libcurl.negotiates.holds ? SHORT_MS : 10_000;
const H2_TIMEOUT: Row = { ...TIMEOUT, silent: ALPN_MS };

const H2: Rows = {
  "h2-garbage": BROKEN,
  "h2-http1": BROKEN,
  "h2-close": BROKEN,
  "h2-cut": by("namesH2", GONE, `${BROKEN}|${GONE}`),
  "h2-silent": H2_TIMEOUT,
  "h2-bad-settings": BROKEN,
  "h2-huge-frame": BROKEN,
  "h2-bad-hpack": BROKEN,
  "h2-no-status": by("namesH2", "WEIRD_SERVER_REPLY", "GOT_NOTHING|HTTP2_STREAM"),
  "h2-data-first": BROKEN,
  "h2-data-0": BROKEN,
  "h2-push": BROKEN,
  "h2-window": by("namesH2", "HTTP2", "OK|HTTP2|PARTIAL_FILE"),
  "h2-short-body": { code: "HTTP2_STREAM", upload: "HTTP2_STREAM|SEND_ERROR" },
  "h2-long-body": { code: "HTTP2_STREAM", upload: "HTTP2_STREAM|SEND_ERROR" },
  "h2-close-headers": BROKEN,
  "h2-close-body": H2_CLOSED,
  "h2-cut-body": { code: by("namesH2", GONE, `${H2_CLOSED}|${GONE}`) },
  "h2-silent-body": H2_TIMEOUT,
  "h2-goaway-0": { code: AGAIN, upload: by("retriesGoaway", "SEND_FAIL_REWIND", AGAIN) },
  "h2-goaway-error": {
    code: `${AGAIN}|HTTP2_STREAM`,
    upload: by("retriesGoaway", "SEND_FAIL_REWIND|HTTP2_STREAM", AGAIN),
  },
  "h2-goaway-body": H2_CLOSED,
  "h2-rst": "HTTP2_STREAM",
  "h2-rst-refused": { code: "RECV_ERROR", upload: "SEND_FAIL_REWIND|RECV_ERROR" },
  "h2-rst-cancel": "HTTP2_STREAM",
  // it repeats the request by a protocol that this server does not have
  "h2-rst-http11": "SSL_CONNECT_ERROR",
  "h2-rst-body": "HTTP2_STREAM",
  "h2-rst-body-no-error": "PARTIAL_FILE|GOT_NOTHING|HTTP2_STREAM",
  "h2-header-flood": "RECV_ERROR|HTTP2",
  "h2-settings-flood": "RECV_ERROR|HTTP2",
};

const PROXY: Rows = {
  "proxy-403": by("refusesTunnels", "COULDNT_CONNECT", "RECV_ERROR"),
  "proxy-407": by("refusesTunnels", "COULDNT_CONNECT", "RECV_ERROR"),
  "proxy-reset": "RECV_ERROR",
  "proxy-close": "RECV_ERROR",
  "proxy-half": "RECV_ERROR",
  "proxy-garbage": "RECV_ERROR",
  "proxy-silent": TIMEOUT,
};

const SOCKS: Rows = {
  "socks-refuse": "PROXY",
  "socks-no-method": "PROXY",
  "socks-close": "PROXY",
  "socks-garbage": "PROXY",
  "socks-silent": TIMEOUT,
};

const { CURL_HTTP_VERSION_1_1, CURL_HTTP_VERSION_2TLS } = constants;

function table(by: Fault["by"], rows: Rows): Fault[] {
  const common: EasyOptions = by === "h2"
    ? { HTTP_VERSION: CURL_HTTP_VERSION_2TLS, ...ALPN }
    : { HTTP_VERSION: CURL_HTTP_VERSION_1_1 };
  return Object.entries(rows).map(([name, row]) => {
    const fault = typeof row === "string" ? { code: row } : row;
    return { name, by, ...fault, curl: { ...common, ...fault.curl } };
  });
}

export const FAULTS: readonly Fault[] = [
  ...table("http", HTTP),
  ...table("https", HTTPS),
  ...table("h2", H2),
  ...table("proxy", PROXY),
  ...table("socks", SOCKS),
];
