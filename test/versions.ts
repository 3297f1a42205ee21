/** What differs from one libcurl to another, each with its version and its reason: the one place.
 * No vitest here: children use it too. */
import { readlinkSync } from "node:fs";
import { easyOptions } from "../ffi/curl/options.ts";
import { constants, type EasyOptionName, type EasyOptions, versionInfo } from "../mod.ts";
import { versionText } from "../ffi/mod.ts";
import { oddities, type Oddity } from "../src/libcurl_versions.ts";

const loaded = versionInfo();
export const versionNum: number = loaded.versionNum;

/** Whether something is as it says, and what a test's name says where it is not. */
export interface Difference {
  readonly holds: boolean;
  /** Empty where it holds, else the reason in brackets. */
  readonly note: string;
}

const OPENSSL = /OpenSSL|LibreSSL|BoringSSL|AWS-LC/, NO_NSS = /^(?!NSS)/, NO_GNUTLS = /^(?!GnuTLS)/;

export interface Row {
  /** The first version of which it is true. */
  readonly since?: number;
  /** The first version of which it is no longer true. */
  readonly until?: number;
  /** From the first version on, and before the second, it is not. */
  readonly except?: readonly [number, number];
  /** A `CURL_VERSION_*` bit that the build must have. */
  readonly feature?: number;
  readonly protocol?: string;
  /** The TLS backends of which it is true. */
  readonly tls?: RegExp;
  /** Where libcurl has this oddity, it is not. */
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
    why: "7.74 blocks while it makes the TLS connection of ftps://",
  },
  hsts: { feature: constants.CURL_VERSION_HSTS, why: "HSTS was an experiment in 7.74" },
  headers: { since: 0x075300, why: "the header API came with 7.83" },
  announcesConnect: {
    since: 0x075801,
    why: "7.74 looks at a new socket at once, and on loopback it is connected by then",
  },
  quickExit: {
    since: 0x075700,
    why: "an ended transfer waits for its name lookup before 7.87, which has QUICK_EXIT",
  },
  forgetsRewind: {
    except: [0x080700, 0x081500],
    why: "from 8.7 on a handle that could not rewind tries again in its next transfer",
  },
  sharesFirst: {
    since: 0x075801,
    why: "7.74 opens a second connection before it knows that the first one can be shared",
  },
  sslContext: { tls: OPENSSL, why: "SSL_CTX_FUNCTION needs OpenSSL or a relative of it" },
  caBlob: {
    since: 0x074d00,
    tls: OPENSSL,
    why: "CAINFO_BLOB came with 7.77, at first for OpenSSL only",
  },
  keyBlobs: { tls: OPENSSL, why: "SSLCERT_BLOB and SSLKEY_BLOB need OpenSSL" },
  namesCa: { tls: NO_NSS, why: "NSS has its CAs in a store of its own" },
  namesCaFile: {
    tls: OPENSSL,
    why: "Debian's libcurl with GnuTLS looks into a folder of CAs, with NSS into a store",
  },
  tlsInTls: {
    tls: NO_GNUTLS,
    why: "GnuTLS in 7.88 waits for bytes of TLS inside TLS that it has already, blocking calls too",
  },
  pausesAtOnce: {
    except: [0x080700, 0x080f00],
    why: "libcurl 8.7 to 8.14 hands over one more buffer after a pause from outside",
  },
  limitsEvenly: {
    until: 0x081200,
    why: "from 8.18 on libcurl receives more than a second's worth at once, and waits then",
  },
  limitsPaused: {
    until: 0x081200,
    why: "from 8.18 on libcurl grants another second's worth of MAX_*_SPEED_LARGE after each pause",
  },
  pausesH2: {
    since: 0x075801,
    why: "7.74 reads on while an HTTP/2 stream is paused, until CURLE_OUT_OF_MEMORY at 64 MiB",
  },
  wrongKeyCode: {
    until: 0x081700,
    why: "libcurl 8.23 says CURLE_BAD_FUNCTION_ARGUMENT of a key that is another certificate's",
  },
  negotiates: {
    unless: "nssCrashesAfterAlpn",
    why: "with NSS libcurl crashes where a handshake with ALPN is given up, so HTTP/2 is by wish",
  },
  keepsSockets: {
    unless: "nssClosesSockets",
    why: "NSS closes sockets and tells nobody, so none is kept",
  },
  tellsRest: { tls: NO_NSS, why: "with NSS libcurl cannot tell whether TLS has read more" },
  keyFiles: { tls: NO_NSS, why: "NSS cannot use an elliptic key from a PEM file" },
  forgetsCa: { tls: NO_NSS, why: "NSS trusts a CA for the rest of the process" },
  verifyResult: { tls: OPENSSL, why: "SSL_VERIFYRESULT is OpenSSL's" },
  limitsHeaders: {
    since: 0x075801,
    why: "7.74 reads headers without end; the limit came with 8.3, and to Debian's 7.88.1",
  },
  refererInfo: { since: 0x074c00, why: "CURLINFO_REFERER came with 7.76" },
  reusesFastOpen: {
    since: 0x075801,
    why: "libcurl 7.74 takes no connection again that TCP Fast Open has made",
  },
  resumesPut: { until: 0x081700, why: "libcurl 8.23 resumes no HTTP upload" },
  closesConnectOnly: {
    since: 0x075801,
    why: "7.74 leaves a CONNECT_ONLY connection open until its multi is closed",
  },
  findsConnectOnly: {
    unless: "losesConnectOnlyAfterPerform",
    why:
      "before 8.7 a handle that has blocked does not find its CONNECT_ONLY connection in a multi",
  },
  endsPausedH2: {
    since: 0x075801,
    why: "7.74 does not tell of the end of an HTTP/2 answer while its upload is paused",
  },
  endsGoneUploads: {
    since: 0x080e00,
    why: "7.88 may wait for a socket that it has closed, where the peer left during an upload",
  },
  endsH2: {
    since: 0x075801,
    why: "7.74 takes the end of an HTTP/2 connection for that of a body without a length",
  },
  namesH2: {
    since: 0x080e00,
    why: "7.88 says GOT_NOTHING or PARTIAL_FILE of a broken connection, 8.14 CURLE_HTTP2",
  },
  hidesCutTls: {
    until: 0x080e00,
    tls: NO_GNUTLS,
    why: "from 8.14 on, and with GnuTLS, the end of a connection without that of TLS is an error",
  },
  alertsReaders: { tls: NO_GNUTLS, why: "GnuTLS may tell an alert to who sends" },
  refusesHttp9: { since: 0x075801, why: "7.74 takes HTTP/9.9 for HTTP/1" },
  refusesNul: { since: 0x075801, why: "7.74 takes a NUL in a header" },
  refusesTunnels: {
    since: 0x081400,
    why: "a proxy that refuses a tunnel is CURLE_RECV_ERROR before 8.20",
  },
  refusesTwoLengths: { since: 0x081100, why: "the last of two lengths counts before 8.17" },
  retriesGoaway: {
    since: 0x080e00,
    why: "7.88 does not try again what a GOAWAY says was not looked at",
  },
  survivesPings: {
    except: [0x075800, 0x080100],
    why: "7.88 reads HTTP/2 in one call until it finds something of the stream",
  },
  hidesNoMemory: {
    until: 0x081200,
    why: "from 8.18 on a socket() that has no memory is CURLE_OUT_OF_MEMORY",
  },
  tellsResets: {
    since: 0x075801,
    tls: NO_NSS,
    why: "7.74 and NSS may say CURLE_RECV_ERROR or CURLE_PARTIAL_FILE of a reset",
  },
  tooLarge: { since: 0x080600, why: "CURLE_TOO_LARGE came with 8.6" },
  keepsEmptyQuery: { until: 0x080800, why: "newer libcurls drop the ? of an empty query" },
  keepsHttp1Apart: {
    unless: "believesHttp2StatusLine",
    why: "before 8.10 a status line of HTTP/2 on HTTP/1 has requests share a connection at once",
  },
  keepsH2Trailers: { since: 0x075801, why: "7.74 gives no trailers of HTTP/2" },
  expiryWords: { tls: OPENSSL, why: "GnuTLS says no more than that the verification failed" },
  assignInCallbacks: { since: 0x075200, why: "assign() in callbacks is refused before 7.82" },
  abortsOnMinusOne: {
    since: 0x075100,
    why: "a multi goes on after -1 from a socket or timer callback before 7.81",
  },
  altSvc: {
    since: 0x075801,
    feature: constants.CURL_VERSION_ALTSVC,
    why: "Alt-Svc needs to be built in, and 7.74 takes an alternative of HTTP/2 for HTTP/1",
  },
  allowsSpace: { since: 0x074e00, why: "CURLU_ALLOW_SPACE came with 7.78" },
  comparesPaths: {
    since: 0x074e00,
    why: "before 7.78 a connection may serve another CAINFO, so with one it serves nobody else",
  },
  copiesCookies: {
    since: 0x075801,
    why: "7.74 gives a copy of a handle a cookie engine that hears nothing",
  },
  copiesHstsFile: {
    unless: "freesHstsFilesTwice",
    why: "libcurl 7.88 to 8.4 would free the name of a copied handle's HSTS file twice",
  },
  dropsCookies: { since: 0x074d00, why: "COOKIEFILE null turns the engine off since 7.77" },
  getsEmpty: { since: 0x080800, why: "CURLU_GET_EMPTY came with 8.8" },
  hidesGuess: { since: 0x080900, why: "CURLU_NO_GUESS_SCHEME came with 8.9" },
  punycode: {
    since: 0x075800,
    feature: constants.CURL_VERSION_IDN,
    why: "CURLU_PUNYCODE came with 7.88, and needs IDN to be built in",
  },
  puny2idn: {
    since: 0x080300,
    feature: constants.CURL_VERSION_IDN,
    why: "CURLU_PUNY2IDN came with 8.3, and needs IDN to be built in",
  },
  publicSuffixes: {
    feature: constants.CURL_VERSION_PSL,
    why: "the list of public suffixes is not built in",
  },
  queueTime: { since: 0x080600, why: "QUEUE_TIME_T came with 8.6" },
  quotesNetrc: { since: 0x075400, why: "netrc has quoted passwords since 7.84" },
  reloadsCookies: {
    since: 0x075800,
    why: "libcurl forgets COOKIEFILE once it is read before 7.88",
  },
  sharesHsts: {
    since: 0x075800,
    feature: constants.CURL_VERSION_HSTS,
    why: "CURL_LOCK_DATA_HSTS came with 7.88, and needs HSTS to be built in",
  },
  sharesTls: {
    tls: OPENSSL,
    why: "NSS resumes always, GnuTLS takes the session before TLS 1.3 has sent it",
  },
  sslsExport: { since: 0x080c00, why: "sessions can be exported since 8.12" },
  traces: { since: 0x080300, why: "curl_global_trace() came with 8.3" },
  marksH2Trailers: {
    since: 0x080100,
    why: "trailers of HTTP/2 are not told from headers before 8.1",
  },
  urlCodes: {
    since: 0x075100,
    why: "the reasons why a URL is bad have codes of their own since 7.81",
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
 * What asks for HTTP/2 over TLS where it is not there by itself: for transfers that are not given up
 * while they connect.
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
 * Tells connections from the descriptor by which threads of libcurl wake a multi up: 8.20.0, and
 * 8.22 on, have it watched like a socket.
 */
export class Wakeups {
  /** What to wait for, by fd. */
  readonly watched: Map<number, number> = new Map();

  /** Whether a call of SOCKETFUNCTION is about such a descriptor. */
  takes(fd: number, what: number): boolean {
    const known = this.watched.has(fd);
    if (!known && (versionNum < 0x081400 || isConnection(fd))) return false;
    if (what === constants.CURL_POLL_REMOVE) this.watched.delete(fd);
    else this.watched.set(fd, what);
    return true;
  }
}
