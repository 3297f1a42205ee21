/**
 * The connection class of a handle, computed from its options: transfers of one class may use each
 * other's connections and resolved names, those of different classes may not. An agent has a multi
 * handle for each class, since libcurl shares connections and names within a multi handle.
 *
 * @module
 */

import { flags } from "../../../ffi/curl/flags.ts";
import { easyOptions, type OptionKind } from "../../../ffi/curl/options.ts";
import { latin1 } from "../../../ffi/c_text.ts";
import type { CText } from "../../../ffi/memory.ts";
import { library } from "../../../ffi/mod.ts";
import { isKnown, type SinceRow } from "../../libcurl_versions.ts";
import { bytesOf } from "../base/views.ts";
import type { ConnectionClass } from "../core/connection_class.ts";
import type { EasyState } from "../core/easy_state.ts";
import { handleSide } from "../core/handle_registry.ts";
import { identityOf } from "./identity.ts";
import { type Judgement, judgementOf } from "./judgements.ts";

const {
  CURLU,
  FORBID_REUSE,
  HEADEROPT,
  HTTPAUTH,
  PRE_PROXY,
  PROXY,
  PROXYAUTH,
  SHARE,
  URL,
  USE_SSL,
} = easyOptions;
const { CURL_LOCK_DATA_CONNECT, CURL_LOCK_DATA_DNS } = flags;
const { CURLAUTH_GSSNEGOTIATE, CURLAUTH_NTLM, CURLAUTH_NTLM_WB } = flags;

const COMMON: ConnectionClass = { key: "", names: false, alone: false };

/** Schemes that authenticate a connection and not a request. */
const CONNECTION_AUTH = CURLAUTH_GSSNEGOTIATE | CURLAUTH_NTLM | CURLAUTH_NTLM_WB;

/** The part of a URL up to its user's "@". */
const USER = /^(?:[a-z][a-z\d+.-]*:\/{1,3})?[^/?#]*@/i;

/**
 * For options of whose value only a part decides: the function that returns it, `null` where
 * nothing decides.
 */
const DECIDING_PARTS: ReadonlyMap<number, (value: unknown) => unknown> = new Map([
  // a proxy without a user in its URL gets the one of PROXYUSERPWD
  ...[PROXY, PRE_PROXY].map(({ id }) =>
    [id, (value: unknown) => hasUser(value) ? value : null] as const
  ),
  ...[HTTPAUTH, PROXYAUTH].map(({ id }) =>
    [id, (value: unknown) => Number(value) & CONNECTION_AUTH ? value : null] as const
  ),
  [URL.id, (value: unknown) => hasUser(value) ? USER.exec(value)?.[0] : null],
]);

const hasUser = (value: unknown): value is string =>
  typeof value === "string" && value.includes("@");

/**
 * Records that an option was set to a checked value. `usual` is the value of a new handle, where
 * that is a number. An option that acts on each request is not recorded.
 */
export function noteConnectionOption(
  state: EasyState,
  { id, kind }: { readonly id: number; readonly kind: OptionKind },
  value: unknown,
  usual: number | undefined,
): void {
  if (id === SHARE.id) return; // `state.share`, which is kept where the other options are reset
  const { settings } = state, part = DECIDING_PARTS.get(id);
  const deciding = part && value !== null ? part(value) : value;
  const token = isUsual(deciding, usual) ? undefined : tokenOf(kind, deciding);
  // of URL and CURLU, the one that was set last applies
  if (id === URL.id) noteToken(state, CURLU.id, undefined);
  if (token === undefined && settings.connectionTokens === null) return;
  if (noteToken(state, id, token) && state.isInUse) forbidReuseNow(state);
}

function isUsual(value: unknown, usual: number | undefined): boolean {
  if (value === null || value === undefined) return true;
  const isNumber = typeof value === "number" || typeof value === "boolean";
  return isNumber && Number(value) === usual;
}

/** Records the token of an option's value. Returns whether anything has changed. */
function noteToken({ settings }: EasyState, id: number, token: string | undefined): boolean {
  const before = settings.connectionTokens?.get(id);
  if (before === token) return false;
  settings.connectionClass = null;
  if (token === undefined) settings.connectionTokens?.delete(id);
  else (settings.connectionTokens ??= new Map()).set(id, token);
  return true;
}

/** The rest of the transfer may make a connection that does not belong to its connection class. */
function forbidReuseNow(state: EasyState): void {
  state.settings.reuseForbidden = true;
  library().symbols.curl_easy_setopt.long(state.pointer, FORBID_REUSE.id, 1);
}

/** A token of an option's value: equal for equal values, and only for these. */
function tokenOf(kind: OptionKind, value: unknown): string {
  switch (kind) {
    case "long":
    case "values":
    case "off_t":
      return `${Number(value)}`;
    case "string":
      return lineToken(value as CText);
    case "slist":
      return (value as CText[]).map(lineToken).join("");
    case "blob":
      return latin1(bytesOf(value) ?? NO_BYTES);
    default: // functions, their data, and handles: by identity
      return identityToken(value);
  }
}

const NO_BYTES = new Uint8Array();

function identityToken(value: unknown): string {
  const hasIdentity = typeof value === "object" || typeof value === "function" ||
    typeof value === "symbol";
  return hasIdentity ? `${identityOf(value as object | symbol)}` : `${typeof value} ${value}`;
}

function lineToken(line: CText): string {
  const text = typeof line === "string" ? line : latin1(line);
  return `${typeof line} ${text.length} ${text}\n`;
}

/** Makes curlew treat an option as unset: others may use the connection. */
export function forgetConnectionOption({ settings }: EasyState, id: number): void {
  if (settings.connectionTokens?.delete(id)) settings.connectionClass = null;
}

/**
 * The connection class of a handle by its present options; `usualShare` is the SHARE that counts as
 * unset.
 */
export function connectionClassOf(state: EasyState, usualShare: unknown): ConnectionClass {
  const { settings, share = usualShare } = state;
  if (settings.connectionTokens === null && share === usualShare) return COMMON;
  const own = settings.connectionClass ??= classOf(settings.connectionTokens ?? new Map());
  return share === undefined ? own : withShare(own, share, usualShare);
}

function classOf(tokens: ReadonlyMap<number, string>): ConnectionClass {
  const authenticates = tokens.has(HTTPAUTH.id) || tokens.has(PROXYAUTH.id);
  const startsTls = tokens.has(USE_SSL.id);
  let key = "", names = false;
  for (const [id, token] of [...tokens].sort(([a], [b]) => a - b)) {
    const judgement = judgementOf(id);
    if (!counts(judgement, authenticates, startsTls)) continue;
    if (judgement.kind === "own" && judgement.names) names = true;
    key += `${id} ${token.length} ${token}\n`;
  }
  // with HEADEROPT a tunnel gets the headers of the request; a CURLU may change its user at any
  // time
  const alone = tokens.has(HEADEROPT.id) || (authenticates && tokens.has(CURLU.id));
  return key === "" && !alone ? COMMON : { key, names, alone };
}

function counts(judgement: Judgement, authenticates: boolean, startsTls: boolean): boolean {
  switch (judgement.kind) {
    case "request":
      return false;
    case "credential":
      return authenticates;
    case "compared":
      return isInexact(judgement.exact) || (judgement.tls && startsTls);
    case "own":
      return true;
  }
}

/** Whether the loaded libcurl is older than the version that compares the option exactly. */
export const isInexact = (exact: SinceRow | null): boolean => exact !== null && !isKnown(exact);

/** A Share has names and connections of its own, which separate multi handles do not keep apart. */
function withShare(own: ConnectionClass, share: unknown, usualShare: unknown): ConnectionClass {
  const side = handleSide(SHARE.id, share);
  const others = share !== usualShare && side?.shares?.(CURL_LOCK_DATA_DNS) === true;
  const key = others ? `${own.key}share ${identityOf(share as object)}\n` : own.key;
  const mixes = key !== "" && side?.shares?.(CURL_LOCK_DATA_CONNECT) === true;
  if (!others && !mixes) return own;
  return { key, names: own.names || others, alone: own.alone || mixes };
}
