/**
 * Keeps handles from sharing an LDAP connection. With TLS it goes on pointing to the handle that
 * opened it: another one that uses it crashes once that is closed (7.88.1, and no later source
 * says otherwise). So what may be one is closed after its transfer.
 *
 * @module
 */

import { flags } from "../../ffi/curl/flags.ts";
import { easyOptions } from "../../ffi/curl/options.ts";
import { result } from "../../ffi/memory.ts";
import { library, native } from "../../ffi/mod.ts";
import type { EasyState } from "./easy_state.ts";

/** What an easy may speak LDAP for, and its FORBID_REUSE. */
export interface LdapGuard {
  /** A bit for each option that may lead there. */
  by: number;
  /** What the user wants FORBID_REUSE to be. */
  wanted: number;
  /** Whether it is 1 instead. */
  forced: boolean;
}

/** The guard of a new handle. */
export function newGuard(): LdapGuard {
  return { by: 0, wanted: 0, forced: false };
}

const { URL, CURLU, DEFAULT_PROTOCOL, FORBID_REUSE } = easyOptions;
const { REDIR_PROTOCOLS, REDIR_PROTOCOLS_STR } = easyOptions;
const { CURLPROTO_LDAP, CURLPROTO_LDAPS, CURLUPART_URL } = flags;

/** The options that may lead there, each with its bit and how to tell. */
const LEADS: ReadonlyMap<number, readonly [bit: number, leads: (value: unknown) => boolean]> =
  new Map([
    // without a scheme libcurl guesses it from the host's name
    [URL.id, [1, (value) => /^\s*ldaps?:|^[^/]*\bldap\./i.test(String(value))]],
    [DEFAULT_PROTOCOL.id, [2, (value) => /ldap/i.test(String(value))]],
    [REDIR_PROTOCOLS.id, [
      4,
      (value) => (Number(value) & (CURLPROTO_LDAP | CURLPROTO_LDAPS)) !== 0,
    ]],
    [REDIR_PROTOCOLS_STR.id, [4, (value) => /ldap|all/i.test(String(value))]],
  ]);

/** An option was set to a value, `null` for none. */
export function noteLdap({ ldap }: EasyState, option: number, value: unknown): void {
  const lead = LEADS.get(option);
  if (!lead) return;
  const [bit, leads] = lead;
  ldap.by = value !== null && leads(value) ? ldap.by | bit : ldap.by & ~bit;
}

/** What libcurl may be told where FORBID_REUSE is to be that number. */
export function reuse({ ldap }: EasyState, wanted: number): number {
  ldap.wanted = wanted;
  return ldap.forced ? 1 : wanted;
}

/** A transfer begins whose connection others may use. */
export function guardLdap(state: EasyState): void {
  const { ldap } = state;
  const forced = ldap.by !== 0 || /^ldaps?:/i.test(curluText(state));
  if (forced === ldap.forced) return;
  ldap.forced = forced;
  const { curl_easy_setopt } = library().symbols;
  curl_easy_setopt.long(state.pointer, FORBID_REUSE.id, forced ? 1 : ldap.wanted);
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
