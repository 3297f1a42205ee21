/** The differences between libcurls that tests depend on, each with its versions and its reason. No
 * other file has such a difference. Vitest is not imported here, since child processes use it too. */
import { readlinkSync } from "node:fs";
import { easyOptions } from "../ffi/curl/options.ts";
import { constants, type EasyOptionName, type EasyOptions, versionInfo } from "../mod.ts";
import { versionText } from "../ffi/mod.ts";
import { oddities, type Oddity } from "../src/libcurl_versions.ts";

const loaded = versionInfo();
export const versionNum: number = loaded.versionNum;

/** Whether a statement about libcurl holds, and the text for a test's name where it does not. */
export interface Difference {
  readonly holds: boolean;
  /** Empty where it holds, else the reason in brackets. */
  readonly note: string;
}

const OPENSSL = /OpenSSL|LibreSSL|BoringSSL|AWS-LC/, NO_NSS = /^(?!NSS)/, NO_GNUTLS = /^(?!GnuTLS)/;

export interface Row {
  /** The first version for which the statement is true. */
  readonly since?: number;
  /** The first version for which it is no longer true. */
  readonly until?: number;
  /** A range in between, from the first version to before the second, for which it is not true. */
  readonly except?: readonly [number, number];
  /** A `CURL_VERSION_*` bit that the build must have. */
  readonly feature?: number;
  readonly protocol?: string;
  /** The TLS libraries for which it is true. */
  readonly tls?: RegExp;
  /** It is not true where libcurl has this oddity. */
  readonly unless?: Oddity;
  readonly why: string;
}

export type Name =
  | "keepsEmptyQuery"
  | "keepsHttp1Apart"
  | "endsGoneUploads"
  | "endsPausedH2"
  | "endsH2"
  | "namesH2"
  | "hidesCutTls"
  | "alertsReaders"
  | "refusesHttp9"
  | "refusesNul"
  | "refusesTunnels"
  | "refusesTwoLengths"
  | "retriesGoaway"
  | "survivesPings"
  | "tellsRest"
  | "tellsResets"
  | "hidesNoMemory"
  | "tooLarge"
  | "keepsSockets"
  | "namesCa"
  | "negotiates"
  | "namesCaFile"
  | "tlsInTls"
  | "wrongKeyCode"
  | "pausesH2"
  | "limitsEvenly"
  | "limitsPaused"
  | "pausesAtOnce"
  | "keepsH2Trailers"
  | "expiryWords"
  | "closesConnectOnly"
  | "findsConnectOnly"
  | "abortsOnMinusOne"
  | "allowsSpace"
  | "altSvc"
  | "announcesConnect"
  | "assignInCallbacks"
  | "caBlob"
  | "comparesPaths"
  | "copiesCookies"
  | "copiesHstsFile"
  | "dropsCookies"
  | "forgetsCa"
  | "forgetsRewind"
  | "getsEmpty"
  | "headers"
  | "hidesGuess"
  | "hsts"
  | "keyBlobs"
  | "keyFiles"
  | "limitsHeaders"
  | "publicSuffixes"
  | "puny2idn"
  | "punycode"
  | "queueTime"
  | "quickExit"
  | "quotesNetrc"
  | "reusesFastOpen"
  | "refererInfo"
  | "reloadsCookies"
  | "resumesPut"
  | "sharesFirst"
  | "sharesHsts"
  | "sharesTls"
  | "sslContext"
  | "sslsExport"
  | "traces"
  | "marksH2Trailers"
  | "urlCodes"
  | "verifyResult"
  | "waitsForFtps";

/** The rows; LIMITS.md lists their reasons. */
export const ROWS: Readonly<Record<Name, Row>> = {
  waitsForFtps: {
    since: 0x075801,
    why: "7.74 blocks during the TLS handshake of ftps://",
  },
  hsts: {
    feature: constants.CURL_VERSION_HSTS,
    why: "HSTS is experimental in 7.74, and most builds leave it out",
  },
  headers: { since: 0x075300, why: "the header API needs 7.83" },
  announcesConnect: {
    since: 0x075801,
    why:
      "7.74 checks a new socket at once, when one on the loopback interface is already connected",
  },
  quickExit: {
    since: 0x075700,
    why: "before 7.87, which has QUICK_EXIT, an ended transfer waits for its name lookup",
  },
  forgetsRewind: {
    except: [0x080700, 0x081500],
    why: "from 8.7 on a handle that could not rewind its upload tries again in its next transfer",
  },
  sharesFirst: {
    since: 0x075801,
    why: "7.74 opens a second connection before it knows whether the first one can be shared",
  },
  sslContext: { tls: OPENSSL, why: "SSL_CTX_FUNCTION needs OpenSSL or one of its forks" },
  caBlob: {
    since: 0x074d00,
    tls: OPENSSL,
    why: "CAINFO_BLOB needs 7.77, and at first OpenSSL",
  },
  keyBlobs: { tls: OPENSSL, why: "SSLCERT_BLOB and SSLKEY_BLOB need OpenSSL" },
  namesCa: {
    tls: NO_NSS,
    why: "NSS reads the authorities' certificates from a database of its own",
  },
  namesCaFile: {
    tls: OPENSSL,
    why:
      "Debian's libcurl with GnuTLS reads a folder of authorities' certificates, with NSS a database",
  },
  tlsInTls: {
    tls: NO_GNUTLS,
    why: "with TLS inside TLS, 7.88 with GnuTLS waits for bytes that it has received already",
  },
  pausesAtOnce: {
    except: [0x080700, 0x080f00],
    why: "libcurl 8.7 to 8.14 delivers one more buffer after a pause by easy.pause()",
  },
  limitsEvenly: {
    until: 0x081200,
    why:
      "from 8.18 on a limited speed is only an average: libcurl receives more at once, and then waits",
  },
  limitsPaused: {
    until: 0x081200,
    why: "from 8.18 on each pause allows the bytes of another second of MAX_*_SPEED_LARGE",
  },
  pausesH2: {
    since: 0x075801,
    why:
      "7.74 reads more while an HTTP/2 stream is paused, and fails with CURLE_OUT_OF_MEMORY at 64 MiB",
  },
  wrongKeyCode: {
    until: 0x081700,
    why: "libcurl 8.23 reports a key of another certificate as CURLE_BAD_FUNCTION_ARGUMENT",
  },
  negotiates: {
    unless: "nssCrashesAfterAlpn",
    why:
      "with NSS libcurl crashes if a handshake with ALPN is aborted, so HTTP/2 needs SSL_ENABLE_ALPN",
  },
  keepsSockets: {
    unless: "nssClosesSockets",
    why: "NSS closes sockets without a callback, so none is kept in the poller",
  },
  tellsRest: {
    tls: NO_NSS,
    why: "with NSS libcurl does not know whether the TLS library holds more bytes",
  },
  keyFiles: { tls: NO_NSS, why: "NSS cannot use an elliptic key from a PEM file" },
  forgetsCa: { tls: NO_NSS, why: "NSS trusts a CA for the rest of the process" },
  verifyResult: { tls: OPENSSL, why: "SSL_VERIFYRESULT needs OpenSSL" },
  limitsHeaders: {
    since: 0x075801,
    why: "7.74 has no limit of header bytes; 8.3 and Debian's 7.88.1 have one",
  },
  refererInfo: { since: 0x074c00, why: "the info REFERER needs 7.76" },
  reusesFastOpen: {
    since: 0x075801,
    why: "libcurl 7.74 does not reuse a connection made by TCP Fast Open",
  },
  resumesPut: { until: 0x081700, why: "libcurl 8.23 does not resume HTTP uploads" },
  closesConnectOnly: {
    since: 0x075801,
    why: "7.74 leaves a CONNECT_ONLY connection open until its multi is closed",
  },
  findsConnectOnly: {
    unless: "losesConnectOnlyAfterPerform",
    why:
      "before 8.7 a handle that has run perform() does not find its CONNECT_ONLY connection in a multi",
  },
  endsPausedH2: {
    since: 0x075801,
    why: "7.74 does not report the end of an HTTP/2 response while its upload is paused",
  },
  endsGoneUploads: {
    since: 0x080e00,
    why: "7.88 may wait for a socket that it has closed, if the peer closed it during an upload",
  },
  endsH2: {
    since: 0x075801,
    why: "7.74 takes the end of an HTTP/2 connection for the end of a body without a length",
  },
  namesH2: {
    since: 0x080e00,
    why:
      "7.88 reports a broken HTTP/2 connection as GOT_NOTHING or PARTIAL_FILE, 8.14 as CURLE_HTTP2",
  },
  hidesCutTls: {
    until: 0x080e00,
    tls: NO_GNUTLS,
    why: "from 8.14 on, and with GnuTLS, the end of a connection without close_notify is an error",
  },
  alertsReaders: {
    tls: NO_GNUTLS,
    why: "GnuTLS may report an alert when sending, not when receiving",
  },
  refusesHttp9: { since: 0x075801, why: "7.74 accepts HTTP/9.9 as HTTP/1" },
  refusesNul: { since: 0x075801, why: "7.74 accepts a NUL in a header" },
  refusesTunnels: {
    since: 0x081400,
    why: "before 8.20 a refused tunnel is CURLE_RECV_ERROR",
  },
  refusesTwoLengths: {
    since: 0x081100,
    why: "before 8.17 the last of two values of Content-Length is used",
  },
  retriesGoaway: {
    since: 0x080e00,
    why: "7.88 does not repeat requests that a GOAWAY says were not processed",
  },
  survivesPings: {
    except: [0x075800, 0x080100],
    why: "7.88 reads HTTP/2 in one call until it finds a frame of the stream",
  },
  hidesNoMemory: {
    until: 0x081200,
    why: "from 8.18 on a socket() that fails for lack of memory is CURLE_OUT_OF_MEMORY",
  },
  tellsResets: {
    since: 0x075801,
    tls: NO_NSS,
    why: "7.74 and NSS may report a reset as CURLE_RECV_ERROR or CURLE_PARTIAL_FILE",
  },
  tooLarge: { since: 0x080600, why: "CURLE_TOO_LARGE needs 8.6" },
  keepsEmptyQuery: { until: 0x080800, why: "from 8.8 on libcurl drops the ? of an empty query" },
  keepsHttp1Apart: {
    unless: "believesHttp2StatusLine",
    why:
      "before 8.10 a status line of HTTP/2 on HTTP/1 makes libcurl send several requests at once",
  },
  keepsH2Trailers: { since: 0x075801, why: "7.74 drops the trailers of HTTP/2" },
  expiryWords: { tls: OPENSSL, why: "GnuTLS reports only that the verification failed, not why" },
  assignInCallbacks: { since: 0x075200, why: "before 7.82 assign() is refused in callbacks" },
  abortsOnMinusOne: {
    since: 0x075100,
    why: "before 7.81 a multi ignores a -1 of a socket or timer callback",
  },
  altSvc: {
    since: 0x075801,
    feature: constants.CURL_VERSION_ALTSVC,
    why: "Alt-Svc must be built in, and 7.74 uses an alternative for HTTP/2 with HTTP/1",
  },
  allowsSpace: { since: 0x074e00, why: "CURLU_ALLOW_SPACE needs 7.78" },
  comparesPaths: {
    since: 0x074e00,
    why:
      "before 7.78 CAINFO is not compared exactly, so curlew does not share connections made with it",
  },
  copiesCookies: {
    since: 0x075801,
    why: "in 7.74 the cookie engine of a duplicated handle stores no cookies",
  },
  copiesHstsFile: {
    unless: "freesHstsFilesTwice",
    why: "libcurl 7.88 to 8.4 would free the name of a duplicated handle's HSTS file twice",
  },
  dropsCookies: {
    since: 0x074d00,
    why: "since 7.77 COOKIEFILE null switches the cookie engine off",
  },
  getsEmpty: { since: 0x080800, why: "CURLU_GET_EMPTY needs 8.8" },
  hidesGuess: { since: 0x080900, why: "CURLU_NO_GUESS_SCHEME needs 8.9" },
  punycode: {
    since: 0x075800,
    feature: constants.CURL_VERSION_IDN,
    why: "CURLU_PUNYCODE needs 7.88, with IDN built in",
  },
  puny2idn: {
    since: 0x080300,
    feature: constants.CURL_VERSION_IDN,
    why: "CURLU_PUNY2IDN needs 8.3, with IDN built in",
  },
  publicSuffixes: {
    feature: constants.CURL_VERSION_PSL,
    why: "the list of public suffixes must be built in",
  },
  queueTime: { since: 0x080600, why: "QUEUE_TIME_T needs 8.6" },
  quotesNetrc: { since: 0x075400, why: "quoted passwords in a netrc file need 7.84" },
  reloadsCookies: {
    since: 0x075800,
    why: "before 7.88 libcurl drops COOKIEFILE after reading the file",
  },
  sharesHsts: {
    since: 0x075800,
    feature: constants.CURL_VERSION_HSTS,
    why: "CURL_LOCK_DATA_HSTS needs 7.88, with HSTS built in",
  },
  sharesTls: {
    tls: OPENSSL,
    why: "NSS always resumes sessions, GnuTLS stores the session before TLS 1.3 has sent it",
  },
  sslsExport: { since: 0x080c00, why: "exporting sessions needs 8.12" },
  traces: { since: 0x080300, why: "curl_global_trace() needs 8.3" },
  marksH2Trailers: {
    since: 0x080100,
    why: "before 8.1 the header API returns trailers of HTTP/2 as headers",
  },
  urlCodes: {
    since: 0x075100,
    why: "before 7.81 all errors of a URL have the same code",
  },
};

function judge(
  { since = 0, until = Infinity, except, feature = 0, protocol, tls, unless, why }: Row,
): Difference {
  const excepted = except && versionNum >= except[0] && versionNum < except[1];
  const holds = versionNum >= since && versionNum < until && !excepted &&
    (loaded.featureBits & feature) === feature &&
    (!protocol || loaded.protocols.includes(protocol)) && (!tls || tls.test(loaded.ssl ?? "")) &&
    !(unless && oddities()[unless]);
  return { holds, note: holds ? "" : ` (not here: ${why})` };
}

/** The table, judged by the loaded library. */
export const libcurl: Readonly<Record<Name, Difference>> = Object.fromEntries(
  Object.entries(ROWS).map(([name, row]) => [name, judge(row)]),
) as Record<Name, Difference>;

/**
 * Options that enable HTTP/2 over TLS where it is off by default. Only for transfers that are not
 * aborted while they connect.
 */
export const ALPN: Pick<EasyOptions, "SSL_ENABLE_ALPN"> = libcurl.negotiates.holds
  ? {}
  : { SSL_ENABLE_ALPN: 1 };

/** How many of these sockets of ended transfers stay in an agent's poller. */
export const kept = (sockets: number): number => libcurl.keepsSockets.holds ? sockets : 0;

/** Whether the library has these options, by their rows in the generated table. */
export function having(...names: EasyOptionName[]): Difference {
  const since = Math.max(...names.map((name) => easyOptions[name].since));
  return judge({ since, why: `${names.join(", ")} came with ${versionText(since)}` });
}

function isConnection(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith("socket:");
  } catch {
    return true;
  }
}

/**
 * Distinguishes sockets from the descriptor by which threads of libcurl notify a multi: 8.20.0, and
 * 8.22 on, pass it to SOCKETFUNCTION like a socket.
 */
export class Wakeups {
  /** The events to wait for, by fd. */
  readonly watched: Map<number, number> = new Map();

  /** Whether a call of SOCKETFUNCTION is for such a descriptor. */
  takes(fd: number, what: number): boolean {
    const known = this.watched.has(fd);
    if (!known && (versionNum < 0x081400 || isConnection(fd))) return false;
    if (what === constants.CURL_POLL_REMOVE) this.watched.delete(fd);
    else this.watched.set(fd, what);
    return true;
  }
}
