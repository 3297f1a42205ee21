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
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { result } from "../../../ffi/memory.ts";
import { library, native } from "../../../ffi/mod.ts";
import { oddities } from "../../libcurl_versions.ts";
import type { EasySettings } from "../core/easy_settings.ts";
import type { EasyState } from "../core/easy_state.ts";

const { URL, CURLU, DEFAULT_PROTOCOL, FORBID_REUSE, FRESH_CONNECT } = easyOptions;
const { REDIR_PROTOCOLS, REDIR_PROTOCOLS_STR } = easyOptions;
const { CURLPROTO_LDAP, CURLPROTO_LDAPS, CURLUPART_URL } = flags;
const { CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE } = flags;

/** The risk bits for `file:`, of URL and DEFAULT_PROTOCOL; the bits 1, 2 and 4 are for LDAP. */
const FILE = 0x10, FILE_BY_DEFAULT = 0x20;
const TO_FILE = FILE | FILE_BY_DEFAULT;

// without a scheme libcurl guesses it from the host name
const LDAP_URL = /^\s*ldaps?:|^[^/]*\bldap\./i, FILE_URL = /^\s*file:/i;

const bit = (bit: number, is: boolean) => is ? bit : 0;

/**
 * The options that may select these protocols, with their bits and a function that returns those of
 * a value.
 */
const LEADS: ReadonlyMap<number, readonly [mask: number, leads: (value: unknown) => number]> =
  new Map([
    [URL.id, [1 | FILE, (value) => {
      const text = String(value);
      return bit(1, LDAP_URL.test(text)) | bit(FILE, FILE_URL.test(text));
    }]],
    [DEFAULT_PROTOCOL.id, [2 | FILE_BY_DEFAULT, (value) => {
      const text = String(value);
      return bit(2, /ldap/i.test(text)) | bit(FILE_BY_DEFAULT, /file/i.test(text));
    }]],
    [REDIR_PROTOCOLS.id, [
      4,
      (value) => bit(4, (Number(value) & (CURLPROTO_LDAP | CURLPROTO_LDAPS)) !== 0),
    ]],
    [REDIR_PROTOCOLS_STR.id, [4, (value) => bit(4, /ldap|all/i.test(String(value)))]],
  ]);

/** Records the risks of an option's new value, `null` for none. */
export function noteReuse({ settings }: EasyState, option: number, value: unknown): void {
  const lead = LEADS.get(option);
  if (!lead) return;
  const [mask, leads] = lead;
  settings.reuseRisks = settings.reuseRisks & ~mask | (value === null ? 0 : leads(value));
}

/** Records the user's FORBID_REUSE. Returns the number for libcurl, which curlew may force to 1. */
export function forbidReuse({ settings }: EasyState, wanted: number): number {
  settings.forbidReuse = wanted;
  return numberFor(settings);
}

function numberFor({ reuseForbidden, leavesUnread, forbidReuse }: EasySettings): number {
  return reuseForbidden || leavesUnread ? 1 : forbidReuse;
}

/**
 * Records whether the connection of the transfer in flight may have unread bytes when it is over.
 */
export function setLeavesUnread(state: EasyState, leavesUnread: boolean): void {
  const { settings } = state;
  if (settings.leavesUnread === leavesUnread) return;
  settings.leavesUnread = leavesUnread;
  library().symbols.curl_easy_setopt.long(state.pointer, FORBID_REUSE.id, numberFor(settings));
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
  const isFile = (risks & TO_FILE) !== 0 || FILE_URL.test(url);
  const forbidden = alone || isFile ||
    (shares && ((risks & ~TO_FILE) !== 0 || LDAP_URL.test(url)));
  const { long } = library().symbols.curl_easy_setopt;
  // a driver may have set the option back to the user's 0: `driver/quirks/farewells.ts`
  const isSet = forbidden === settings.reuseForbidden && settings.forbidReuse === 0;
  if (!isSet || settings.leavesUnread) {
    settings.reuseForbidden = forbidden;
    settings.leavesUnread = false;
    long(state.pointer, FORBID_REUSE.id, numberFor(settings));
  }
  if (alone === settings.freshForced) return;
  settings.freshForced = alone;
  long(state.pointer, FRESH_CONNECT.id, alone ? 1 : settings.freshConnect);
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
