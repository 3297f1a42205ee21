/**
 * Sets FORBID_REUSE for the connections that no other transfer may use:
 *
 * - A connection of LDAP over TLS keeps a pointer to the handle that opened it. Another handle that
 *   uses the connection crashes once the first one is closed (7.88.1, and no later source says
 *   otherwise).
 * - A connection of `file:`, which CONNECT_ONLY would keep, is closed before 8.14 on behalf of the
 *   handle that finds it closed. libcurl takes that handle's data of another protocol for those of
 *   `file:`, and closes descriptor 0.
 * - The connection of a transfer that must not share it (`connections/connection_class.ts`), for
 *   which FRESH_CONNECT is set as well.
 * - A connection that may have unsolicited bytes when its transfer is over, as the driver
 *   determines (`driver/quirks/unread_bytes.ts`).
 * - A connection of HTTP/1 on which a body was announced and not sent. That is known only at the
 *   response: `callbacks/unsent_body.ts` looks for it where {@linkcode guardReuse} tells it to.
 *
 * @module
 */

import { latin1 } from "../../../ffi/c_text.ts";
import { flags } from "../../../ffi/curl/flags.ts";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { type CText, result } from "../../../ffi/memory.ts";
import { library, native } from "../../../ffi/mod.ts";
import { oddities } from "../../libcurl_versions.ts";
import { BODY_UNSENT, MAY_WAIT_FOR_100, reuseNumber } from "../callbacks/unsent_body.ts";
import type { EasySettings } from "../core/easy_settings.ts";
import type { EasyState } from "../core/easy_state.ts";
import { renewFunction } from "./functions.ts";

const { URL, CURLU, DEFAULT_PROTOCOL, FORBID_REUSE, FRESH_CONNECT } = easyOptions;
const { REDIR_PROTOCOLS, REDIR_PROTOCOLS_STR, HEADERFUNCTION, HTTPHEADER } = easyOptions;
const { HTTPGET, HTTPPOST, MIMEPOST, NOBODY, POST, POSTFIELDS, PUT, UPLOAD } = easyOptions;
const { CURLPROTO_LDAP, CURLPROTO_LDAPS, CURLUPART_URL } = flags;
const { CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE } = flags;

/** The risk bits for `file:`, of URL and DEFAULT_PROTOCOL; the bits 1, 2 and 4 are for LDAP. */
const FILE = 0x10, FILE_BY_DEFAULT = 0x20;
const TO_FILE = FILE | FILE_BY_DEFAULT, TO_LDAP = 1 | 2 | 4;

/**
 * The risk bits for a request with a body: of UPLOAD, and of the options of POST. Where libcurl
 * asks for a 100 is its own decision (by the body's length, the version of HTTP, and whether it is a
 * repetition), except that a line of HTTPHEADER may forbid it.
 */
const UPLOADS = 0x40, POSTS = 0x80, REFUSES_100 = 0x100;
const SENDS_BODY = UPLOADS | POSTS;

// without a scheme libcurl guesses it from the host name
const LDAP_URL = /^\s*ldaps?:|^[^/]*\bldap\./i, FILE_URL = /^\s*file:/i;

const bit = (bit: number, is: boolean) => is ? bit : 0;

/** The bits of a value, `null` for none, where the option had `before`. */
type Leads = (value: unknown, before: number) => number;

/** The bits that an option determines, and how. */
type Lead = readonly [mask: number, leads: Leads];

/** The options that determine these bits. */
const LEADS: ReadonlyMap<number, Lead> = new Map<number, Lead>([
  [URL.id, [1 | FILE, (value) => {
    const text = String(value ?? "");
    return bit(1, LDAP_URL.test(text)) | bit(FILE, FILE_URL.test(text));
  }]],
  [DEFAULT_PROTOCOL.id, [2 | FILE_BY_DEFAULT, (value) => {
    const text = String(value ?? "");
    return bit(2, /ldap/i.test(text)) | bit(FILE_BY_DEFAULT, /file/i.test(text));
  }]],
  [REDIR_PROTOCOLS.id, [
    4,
    (value) => bit(4, (Number(value) & (CURLPROTO_LDAP | CURLPROTO_LDAPS)) !== 0),
  ]],
  [REDIR_PROTOCOLS_STR.id, [4, (value) => bit(4, /ldap|all/i.test(String(value ?? "")))]],
  [HTTPHEADER.id, [REFUSES_100, (lines) => bit(REFUSES_100, refuses100(lines))]],
  // each sets libcurl's method, so the one that was set last decides
  [UPLOAD.id, [SENDS_BODY, (value) => bit(UPLOADS, value !== 0)]],
  [PUT.id, [SENDS_BODY, (value) => bit(UPLOADS, value !== 0)]],
  [POST.id, [SENDS_BODY, (value) => bit(POSTS, value !== 0)]],
  [HTTPGET.id, [SENDS_BODY, (value, before) => value === 0 ? before : 0]],
  [NOBODY.id, [POSTS, (value, before) => value === 0 ? before : 0]], // UPLOAD outweighs it
  // without a value too: a POST whose body is that of READFUNCTION
  [POSTFIELDS.id, [POSTS, () => POSTS]],
  [MIMEPOST.id, [POSTS, () => POSTS]],
  [HTTPPOST.id, [POSTS, () => POSTS]],
]);

/** Whether lines of HTTPHEADER keep libcurl from asking for a 100: the first Expect decides. */
function refuses100(lines: unknown): boolean {
  for (const line of (lines ?? []) as readonly CText[]) {
    const text = typeof line === "string" ? line : latin1(line);
    if (/^expect[:;]/i.test(text)) return !/^expect:.*100-continue/is.test(text);
  }
  return false;
}

/** Records the risks of an option's new value, `null` for none. */
export function noteReuse({ settings }: EasyState, option: number, value: unknown): void {
  const lead = LEADS.get(option);
  if (!lead) return;
  const [mask, leads] = lead, { reuseRisks } = settings;
  settings.reuseRisks = reuseRisks & ~mask | leads(value, reuseRisks & mask);
}

/** Records the user's FORBID_REUSE. Returns the number for libcurl, which curlew may force to 1. */
export function forbidReuse({ settings }: EasyState, wanted: number): number {
  settings.forbidReuse = wanted;
  return reuseNumber(settings);
}

/**
 * Records whether the connection of the transfer in flight may have unread bytes when it is over.
 */
export function setLeavesUnread(state: EasyState, leavesUnread: boolean): void {
  const { settings } = state;
  if (settings.leavesUnread === leavesUnread) return;
  settings.leavesUnread = leavesUnread;
  library().symbols.curl_easy_setopt.long(state.pointer, FORBID_REUSE.id, reuseNumber(settings));
}

/** The value of FRESH_CONNECT for libcurl, if the user has set `wanted`. */
export function forceFresh({ settings }: EasyState, wanted: number): number {
  settings.freshConnect = wanted;
  return settings.freshForced ? 1 : wanted;
}

/**
 * Sets FORBID_REUSE and FRESH_CONNECT before a transfer. `shares`: other handles may use its
 * connection. `mustBeAlone`: no other transfer may use its connection, and it may use no other
 * transfer's.
 */
export function guardReuse(state: EasyState, shares: boolean, mustBeAlone = false): void {
  const { settings } = state,
    alone = mustBeAlone || breaksOthers(settings),
    risks = settings.reuseRisks,
    url = curluText(state);
  watchForUnsent(state);
  const isFile = (risks & TO_FILE) !== 0 || FILE_URL.test(url);
  const forbidden = alone || isFile ||
    (shares && ((risks & TO_LDAP) !== 0 || LDAP_URL.test(url)));
  const { long } = library().symbols.curl_easy_setopt;
  // a driver may have set the option back to the user's 0: `driver/quirks/farewells.ts`
  const isSet = forbidden === settings.reuseForbidden && settings.forbidReuse === 0;
  if (!isSet || settings.leavesUnread || (risks & BODY_UNSENT) !== 0) {
    settings.reuseForbidden = forbidden;
    settings.leavesUnread = false;
    settings.reuseRisks &= ~BODY_UNSENT;
    long(state.pointer, FORBID_REUSE.id, reuseNumber(settings));
  }
  if (alone === settings.freshForced) return;
  settings.freshForced = alone;
  long(state.pointer, FRESH_CONNECT.id, alone ? 1 : settings.freshConnect);
}

/** Has the heads of a transfer examined if its request may wait for a 100. */
function watchForUnsent(state: EasyState): void {
  const { settings } = state, { reuseRisks } = settings;
  const mayWait = (reuseRisks & SENDS_BODY) !== 0 && (reuseRisks & REFUSES_100) === 0;
  if (mayWait === ((reuseRisks & MAY_WAIT_FOR_100) !== 0)) return;
  settings.reuseRisks ^= MAY_WAIT_FOR_100;
  renewFunction(state, HEADERFUNCTION.id);
}

/** Whether the connection fails every transfer except its first. */
const breaksOthers = ({ httpVersion }: EasySettings): boolean =>
  httpVersion === CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE && oddities().breaksH2cReuse;

/** The text of the URL in CURLU, "" where there is none. */
export function curluText(state: EasyState): string {
  const url = state.resources.owned.get(CURLU.id)?.pointer ?? null;
  if (url === null) return "";
  const { curl_url_get, curl_free } = library().symbols;
  result.i64[0] = 0n;
  if (curl_url_get(url, CURLUPART_URL, result.i32, 0) !== 0) return "";
  const text = result.pointer(), words = native.string(text);
  curl_free(text);
  return words ?? "";
}
