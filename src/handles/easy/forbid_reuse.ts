/**
 * Connections that nobody else may use, and so are closed after their transfer:
 *
 * - One of LDAP over TLS goes on pointing to the handle that opened it: another one that uses it
 *   crashes once that is closed (7.88.1, and no later source says otherwise).
 * - One of `file:`, which CONNECT_ONLY would keep, is closed before 8.14 in the name of whoever
 *   finds it dead: libcurl takes what that one has of another protocol for its own, and closes
 *   descriptor 0.
 * - One of a transfer that must be alone: `connections/connection_class.ts`. It is new as well.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { easyOptions } from "../../../ffi/curl/options.ts";
import { result } from "../../../ffi/memory.ts";
import { library, native } from "../../../ffi/mod.ts";
import type { EasyState } from "../core/easy_state.ts";

const { URL, CURLU, DEFAULT_PROTOCOL, FORBID_REUSE, FRESH_CONNECT } = easyOptions;
const { REDIR_PROTOCOLS, REDIR_PROTOCOLS_STR } = easyOptions;
const { CURLPROTO_LDAP, CURLPROTO_LDAPS, CURLUPART_URL } = flags;

/** The bits of the options that lead to `file:`; the others lead to LDAP. */
const FILE = 0x10, FILE_BY_DEFAULT = 0x20;
const TO_FILE = FILE | FILE_BY_DEFAULT;

// without a scheme libcurl guesses it from the host's name
const LDAP_URL = /^\s*ldaps?:|^[^/]*\bldap\./i, FILE_URL = /^\s*file:/i;

const bit = (bit: number, is: boolean) => is ? bit : 0;

/** The options that may lead there, each with its bits and how to tell. */
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

/** An option was set to a value, `null` for none. */
export function noteReuse({ settings }: EasyState, option: number, value: unknown): void {
  const lead = LEADS.get(option);
  if (!lead) return;
  const [mask, leads] = lead;
  settings.reuseRisks = settings.reuseRisks & ~mask | (value === null ? 0 : leads(value));
}

/** What libcurl may be told where FORBID_REUSE is to be that number. */
export function forbidReuse({ settings }: EasyState, wanted: number): number {
  settings.forbidReuse = wanted;
  return settings.reuseForbidden ? 1 : wanted;
}

/** The same for FRESH_CONNECT. */
export function forceFresh({ settings }: EasyState, wanted: number): number {
  settings.freshConnect = wanted;
  return settings.freshForced ? 1 : wanted;
}

/**
 * A transfer begins; `shares` says whether other handles may use its connection, `alone` that it must
 * use no other's and leave none.
 */
export function guardReuse(state: EasyState, shares: boolean, alone = false): void {
  const { settings } = state, risks = settings.reuseRisks, url = curluText(state);
  const isFile = (risks & TO_FILE) !== 0 || FILE_URL.test(url);
  const forbidden = alone || isFile ||
    (shares && ((risks & ~TO_FILE) !== 0 || LDAP_URL.test(url)));
  const { long } = library().symbols.curl_easy_setopt;
  if (forbidden !== settings.reuseForbidden) {
    settings.reuseForbidden = forbidden;
    long(state.pointer, FORBID_REUSE.id, forbidden ? 1 : settings.forbidReuse);
  }
  if (alone === settings.freshForced) return;
  settings.freshForced = alone;
  long(state.pointer, FRESH_CONNECT.id, alone ? 1 : settings.freshConnect);
}

/** The URL in the CURLU of a handle, "" where there is none. */
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
