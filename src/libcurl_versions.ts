/**
 * The oddities of libcurl's versions that curlew must know. No other file in `src/` compares
 * version numbers.
 *
 * An oddity has a name here where its remedy costs time or forbids something, so that only the
 * versions with the oddity pay for it. A remedy that all versions get is explained where it is, and
 * has no name here. Whether a version has a feature is decided by the tables of `ffi/curl/` with
 * {@linkcode isKnown}, by the library's symbols, or by the bits of `curl_version_info`.
 *
 * @module
 */

import { library } from "../ffi/mod.ts";
import { tlsLibrary } from "./version.ts";

/** The versions that have an oddity, as libcurl's 0xXXYYZZ. */
interface Range {
  /** The first version that has the oddity. The default is the oldest version. */
  readonly since?: number;
  /** The first version that no longer has it. The default is none. */
  readonly until?: number;
  /**
   * The TLS library that must be in use, by its name in `curl_version_info`. The default is any.
   */
  readonly tls?: string;
}

/**
 * The oddities by name. "Seen" lists the versions on which the oddity was or was not observed; the
 * commits and numbers are those of https://github.com/curl/curl.
 */
const RANGES = {
  /**
   * A transfer that could continue may be left without a socket and without a timeout. Then no
   * event reaches the event loop before TIMEOUT_MS.
   *
   * - FTP on a kept connection, after EPSV: up to 8.3.0. 8.4.0 continues by itself where there is
   *   nothing to wait for (6dd6654f75, curl#12033).
   * - A transfer with MAX_RECV_SPEED_LARGE that was paused while its last bytes came: up to 8.6.0.
   *   Fixed by db5c9f4f9e (curl#13050) in 8.7.0.
   * - HTTP/2 without TLS, whose last bytes came together with those of another transfer. Seen on
   *   7.88.1; not on 7.74.0, 8.14.1.
   * - LDAP over TLS, whose response is in the buffer of the TLS library, so that the socket has no
   *   event (curl#9580, closed as a known bug). Seen on 7.88.1.
   *
   * For the last two the end of the range is a guess on the safe side: 8.13.0 rewrote how libcurl
   * reports sockets (cfc657a48d, curl#16308), and since then none was seen. Cured by
   * `driver/quirks/lost_events.ts`.
   */
  mayLoseEvents: { until: 0x080d00 },
  /**
   * OpenSSL reads up to 64 KiB more than libcurl has requested. Where a stream of HTTP/2 ends or is
   * paused, the rest may belong to other streams of the connection, and nothing reads it until the
   * socket has another event.
   *
   * From 8.15.0 on, which made OpenSSL do so (aea336aa23, curl#17548). The same release wakes the
   * transfer that polls the connection (curl#17596, 62349e45a8, curl#17636), but none of the
   * others. Seen on 8.15.0, 8.20.0, 8.21.0 and 8.23; not on 8.13.0, 8.14.1. The range does not
   * depend on the TLS library: only OpenSSL and its relatives read ahead, and with another one the
   * cure finds nothing. Cured by `driver/quirks/read_ahead.ts`.
   */
  keepsReadAhead: { since: 0x080f00 },
  /**
   * The descriptor by which the threads of name lookups notify libcurl is watched like a socket but
   * never read, so it stays ready and the event loop never waits.
   *
   * 8.20.0 only: 9bc8b078eb (curl#20832) began to watch it, 2a2104f3cf (curl#21547) reads it since
   * 8.21.0. Seen on 8.20.0; not on 8.15.0, 8.21.0. Cured by `driver/quirks/wake_fd.ts`.
   */
  neverDrainsWakeFd: { since: 0x081400, until: 0x081500 },
  /**
   * A chunked answer that ends with its connection, and not with its last chunk, is no error while
   * the upload is in progress: libcurl checks for the last chunk when both are over.
   *
   * All before 8.7.0, whose decoder of chunks gets the end of the connection (c1e3a760b6). No issue
   * of curl is known. Seen on 7.74.0, 7.88.1; not on 8.14.1, 8.23.0. Cured by
   * `driver/early_answers.ts`.
   */
  hidesCutAnswers: { until: 0x080700 },
  /**
   * A transfer that was paused by `curl_easy_pause`, and not by its WRITEFUNCTION, while its socket
   * has more to read keeps the timeout at 0 until the pause ends: the event loop never waits.
   *
   * 8.6.0, which remembers that a socket has more (`select_bits`), to 8.14.1: whether the transfer
   * may continue is decided by the WRITEFUNCTION's pause only (`Curl_xfer_is_blocked`), and before
   * 8.9.0 not at all. 8.15.0 checks both pauses. Seen on 8.14.1; not on 7.74.0, 7.88.1, 8.23.0. No
   * issue of curl is known. Cured by `driver/quirks/paused_spin.ts`.
   */
  spinsWhilePaused: { since: 0x080600, until: 0x080f00 },
  /**
   * A socket that never connected is closed without CLOSESOCKETFUNCTION. Its number may then be
   * given to a descriptor of a name lookup, which curlew would take for a socket whose close will
   * be announced.
   *
   * 7.88.0 (71b7e01610, curl#10141) to 8.1.2; 8.2.0 calls it again (a70d97c46c, curl#11439). Cured
   * by `driver/sockets.ts`.
   */
  closesUnconnectedSilently: { since: 0x075800, until: 0x080200 },
  /**
   * A kept connection that has unread bytes, and is not at its end, is used for the next transfer,
   * which takes the bytes that came before its request for its response.
   *
   * 7.88.0 (71b7e01610, curl#10141) and 7.88.1; 8.0.0 closes such a connection, as versions before
   * 7.88 do (7c5637b8b4, curl#10690). Seen on 7.88.1; not on 7.74.0, 7.87.0, 8.0.1, 8.14.1, 8.21.0.
   * Cured by `driver/quirks/unread_bytes.ts`.
   */
  reusesUnread: { since: 0x075800, until: 0x080000 },
  /**
   * A kept connection that was used, or checked, less than a second ago is used for the next
   * transfer without a check, with the same consequence.
   *
   * From 8.22.0 on (c9ead9bd1c, curl#21806). Seen on the second candidate of 8.22.0 and on 8.23.0;
   * not on 8.21.0. Cured by `driver/quirks/unread_bytes.ts`.
   */
  trustsRecentlyUsed: { since: 0x081600 },
  /**
   * NSS closes the socket of a connection itself, without CLOSESOCKETFUNCTION.
   *
   * All versions up to 8.2.1: `nss_close` says so in a comment, and 8.3.0 dropped NSS (7c8bae0d9c,
   * curl#11459). Cured by `driver/driven_multi.ts`, which keeps no socket in the poller then.
   */
  nssClosesSockets: { until: 0x080300, tls: "NSS" },
  /**
   * NSS continues the handshake while libcurl closes the connection, and then reports the
   * negotiated protocol to libcurl, which reads from NULL.
   *
   * Up to 7.81.0 (curl#8341, fixed by 3267ac40da in 7.82.0), and again from 7.88.0, whose
   * `Curl_alpn_set_negotiated` lacks that check, to 8.2.1, the last one with NSS. Seen on 7.88.1.
   * That 7.82.0 to 7.87.0 are in the range is a guess on the safe side: no such build was tried.
   * Cured by `handles/easy/defaults.ts`, which asks for no ALPN then.
   */
  nssCrashesAfterAlpn: { until: 0x080300, tls: "NSS" },
  /**
   * An HTTP/2 push that PUSHFUNCTION accepts crashes when its data comes: the copy of the handle
   * has no buffer yet, but a size for one.
   *
   * 7.88.0, whose `http2_data_setup` gives the copy both (71b7e01610, curl#10141), to 8.0.1; since
   * 8.1.0 a stream has a buffer of its own (744dcf22fa, curl#10771). Seen on 7.88.0 and 8.0.1; not
   * on 7.87.0, 8.1.0. No issue of curl is known. Refused by `handles/multi/callbacks.ts`.
   */
  crashesOnAcceptedPush: { since: 0x075800, until: 0x080100 },
  /**
   * A handle that has run `perform()` and then makes a CONNECT_ONLY connection in a multi handle
   * cannot find the connection: `curl_easy_send` and `curl_easy_recv` search the internal multi
   * handle that `perform()` has made and kept.
   *
   * All before 8.7.0, which frees that one when the handle is added to another (757dfdfb55,
   * curl#12992). Seen on 8.6.0; not on 8.7.0. Refused by `handles/easy/connect_only.ts`.
   */
  losesConnectOnlyAfterPerform: { until: 0x080700 },
  /**
   * `curl_easy_duphandle` copies the pointer to the list of HSTS's files, which is freed twice.
   *
   * 7.88.0, where the list began (076a2f6291, curl#10138), to 8.4.0; fixed by 289b486ffa
   * (curl#12315) in 8.5.0. Seen on both ends; not on 7.87.0, 8.5.0. Refused by
   * `handles/easy/calls.ts`.
   */
  freesHstsFilesTwice: { since: 0x075800, until: 0x080500 },
  /**
   * A handle that has sent trailers treats every later chunked upload as if it sent them, even
   * after `curl_easy_reset`, and writes before the start of its buffer.
   *
   * All before 8.7.0, which writes the frame of a chunk elsewhere (9369c30cd8, curl#12969) and no
   * longer reads that state. Seen on 8.6.0; not on 8.7.0. No issue of curl is known. Refused by
   * `handles/core/easy_state.ts`.
   */
  remembersTrailers: { until: 0x080700 },
  /**
   * A status line of "HTTP/2" on a connection of HTTP/1 makes libcurl treat the connection as
   * multiplexed: it sends several requests at once, and their responses are mixed up or never come.
   *
   * Seen on 7.87.0 to 8.4.0; not on 8.5.0, which checks the connection too (1c37d472a0,
   * curl#12373), or 8.9.1. The end of the range is a guess on the safe side: since 8.10.0 the
   * status line no longer decides (1be704e17e, curl#14662). No issue of curl is known; curl#4885
   * has mixed responses for another reason. Cured by `http/transfer/configure.ts`, which asks for
   * HTTP/1.1.
   */
  believesHttp2StatusLine: { until: 0x080a00 },
  /**
   * An upload over HTTP exceeds the length that it has announced where READFUNCTION gives more, and
   * the server takes the rest for another request. Where READFUNCTION gives less, libcurl waits for
   * a response that never comes.
   *
   * All before 8.7.0, whose client readers know the length (9369c30cd8). No issue of curl is known.
   * Cured by `handles/callbacks/promised_length.ts` and, for MIME parts that are files, by
   * `handles/mime/file_reader.ts`.
   */
  ignoresPromisedLength: { until: 0x080700 },
  /**
   * libcurl answers each ping of a WebSocket itself. Between two fragments of a message that curlew
   * sends, the pong makes both invalid.
   *
   * All before 8.14.0, which has CURLWS_NOAUTOPONG (c0df01fd94, curl#16744). Refused by
   * `http/websocket/handshake.ts`.
   */
  alwaysAnswersPings: { until: 0x080e00 },
  /**
   * An HTTP/2 stream that the server has closed without an error, by RST_STREAM(NO_ERROR) after a
   * whole answer, fails with CURLE_HTTP2_STREAM and no error text where more of the upload is sent.
   * Where that happens in the call that received the answer, the answer is lost.
   *
   * Seen on 7.88.1; not on 8.14.1, 8.23. Fixed by 331b89a319 (curl#11756) in 8.3.0; when it began is
   * a guess, 7.74.0 has the same code. Cured by `driver/early_answers.ts` and, for streams as bodies,
   * by `http/request_body/feeder.ts`.
   */
  failsClosedStreams: { until: 0x080300 },
  /**
   * A connection of HTTP/2 without TLS by CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE serves one transfer:
   * each later one fails with CURLE_HTTP2, and libcurl keeps the connection.
   *
   * 7.88.0 (71b7e01610, curl#10141) and 7.88.1; fixed by 86d4578741 (curl#10643) in 8.0.0. Seen on
   * 7.88.1; not on 7.74.0, 8.14.1. Cured by `handles/easy/forbid_reuse.ts`, which keeps none.
   */
  breaksH2cReuse: { since: 0x075800, until: 0x080000 },
  /**
   * BUFFERSIZE is at most 512 KiB; a larger number sets 512 KiB. Later versions accept 10 MiB.
   *
   * All before 7.88.0, which raised `CURL_MAX_READ_SIZE` (5cb63da771). No issue of curl is known.
   * Refused by `node_libcurl/easy/options.ts`.
   */
  hasSmallBuffers: { until: 0x075800 },
} as const;

/** The name of an oddity. */
export type Oddity = keyof typeof RANGES;

/** For each oddity whether a libcurl has it. */
export type Oddities = { readonly [Name in keyof typeof RANGES]: boolean };

/** The oddities of a version with a TLS library, by default the one that is loaded. */
export function odditiesOf(versionNum: number, tls?: string | null): Oddities {
  // libcurl may name several TLS libraries, those that are not in use in parentheses
  const uses = (name: string) =>
    ((tls === undefined ? tlsLibrary() : tls) ?? "").split(" ").some((it) => it.startsWith(name));
  const has = ({ since = 0, until = Infinity, tls: needed }: Range) =>
    since <= versionNum && versionNum < until && (needed === undefined || uses(needed));
  const rows = Object.entries(RANGES).map(([name, range]) => [name, has(range)]);
  return Object.fromEntries(rows) as Oddities;
}

let loaded: Oddities | undefined;

/** The oddities of the loaded library, determined once for each thread. */
export function oddities(): Oddities {
  return loaded ??= odditiesOf(library().versionNum);
}

/** A row of a table with the first version that has it. */
export interface SinceRow {
  readonly since: number;
}

/** Whether the loaded library is new enough for a row of a table. */
export function isKnown({ since }: SinceRow): boolean {
  return since <= library().versionNum;
}

/** Whether the loaded library has the feature of a row, and has not removed it. */
export function isPresent(row: { readonly since: number; readonly removed?: number }): boolean {
  return isKnown(row) && (row.removed === undefined || library().versionNum <= row.removed);
}

/**
 * The CURLU_* flags that the oldest supported libcurl does not know, with the version that
 * introduced each. libcurl ignores a flag that it does not know.
 */
export const NEWER_URL_FLAGS = {
  CURLU_ALLOW_SPACE: { since: 0x074e00 },
  CURLU_PUNYCODE: { since: 0x075800 },
  CURLU_PUNY2IDN: { since: 0x080300 },
  CURLU_GET_EMPTY: { since: 0x080800 },
  CURLU_NO_GUESS_SCHEME: { since: 0x080900 },
} as const;

/**
 * The version since which libcurl compares an option exactly, and in both directions, when it
 * searches a kept connection. Read in `ConnectionExists` of lib/url.c, later `url_match_conn`, and
 * in the comparison of TLS settings of lib/vtls, at each release from 7.74.0 to 8.21.0. Debian's
 * builds have some of it earlier, as patches: the only cost is one more connection.
 */
export const COMPARED_SINCE = {
  /**
   * Paths of certificates; before, paths that differ only in letter case were equal
   * (CVE-2021-22924).
   */
  certificatePaths: { since: 0x074e00 },
  /** The issuer's certificate; before, it was not compared (CVE-2021-22924). */
  issuer: { since: 0x074e00 },
  /** SASL_AUTHZID and XOAUTH2_BEARER; before, they were not compared (CVE-2022-22576). */
  bearer: { since: 0x075300 },
  /** SSL_OPTIONS; before, they were not compared (CVE-2022-27782). */
  tlsOptions: { since: 0x075301 },
  /** The user of TLS-SRP; not compared before 7.83.1, and then without regard to letter case. */
  srpUser: { since: 0x075600 },
  /** The keys of SSH; compared since 7.83.1, but the comparison was never reached (CVE-2023-27538). */
  sshKeys: { since: 0x080000 },
  /**
   * GSSAPI_DELEGATION and the login of FTP; before, they were not compared (CVE-2023-27535,
   * -27536).
   */
  login: { since: 0x080000 },
  /**
   * HTTP_VERSION; before, an HTTP/1 connection served a request that required any other version.
   */
  httpVersion: { since: 0x080d00 },
  /** The user of an HTTP proxy's tunnel; before, it was not compared. */
  tunnelUser: { since: 0x081500 },
  /** CRLFILE and PINNEDPUBLICKEY; before, they were compared without regard to letter case. */
  pins: { since: 0x081500 },
  /** The client's key and the types of its files; before, they were not compared. */
  clientKey: { since: 0x081500 },
} as const;
