/**
 * `curl_easy_setopt` in JS terms: finds the option, checks the value, and hands it to libcurl
 * in the shape that its kind needs.
 *
 * @module
 */

import { easyOptions, type OptionKind, type OptionRow } from "../../../ffi/curl/options.ts";
import { flags } from "../../../ffi/curl/flags.ts";
import { allocate, allocateBytes, cString, release, Struct, utf8 } from "../../../ffi/memory.ts";
import { library, native, type NonNullPointer, type Pointer } from "../../../ffi/mod.ts";
import { Code, CurlEasyError } from "../../errors.ts";
import { oddities } from "../../libcurl_versions.ts";
import { handleSide } from "../core/handle_registry.ts";
import { check } from "../base/check_setopt.ts";
import { forgetEntryPath } from "./infos.ts";
import { setData, setFunction } from "./functions.ts";
import type { EasyState } from "../core/easy_state.ts";
import {
  badValue,
  bytes,
  integer,
  lines,
  long,
  oneLine,
  showName,
  text,
} from "../base/arguments.ts";
import { ownForm } from "../mime/httppost.ts";
import { forbidReuse, noteReuse } from "./forbid_reuse.ts";
import { setMime } from "../mime/mime.ts";
import { ownBytes, type Owned, ownFile, ownList } from "../base/owned.ts";

interface Option {
  readonly name: string;
  readonly id: number;
  readonly kind: OptionKind;
  readonly default?: number;
}

const table: Readonly<Record<string, OptionRow>> = easyOptions;

let names: Map<number, string> | undefined;

/** The name of an option number, of the first row that has it. */
function nameOf(id: number): string | undefined {
  if (!names) {
    names = new Map();
    for (const [name, row] of Object.entries(table)) {
      if (row.aliasOf === undefined) names.set(row.id, name);
    }
  }
  return names.get(id);
}

// struct curl_easyoption: const char *name @0; CURLoption id @8; curl_easytype type @12
const KINDS: readonly OptionKind[] = [
  "long",
  "values",
  "off_t",
  "object",
  "string",
  "slist",
  "cbptr",
  "blob",
  "function",
];

/** An option that the table does not have, but the library does: one newer than the table. */
function askLibrary(option: string | number): Option | undefined {
  const { curl_easy_option_by_name, curl_easy_option_by_id } = library().symbols;
  const found = typeof option === "number"
    ? curl_easy_option_by_id(option)
    : curl_easy_option_by_name(cString(option));
  if (found === null) return undefined;
  const at = new Struct(found, 16), kind = KINDS[at.i32(12)];
  return kind && { name: at.string(0) ?? "", id: at.i32(8), kind };
}

/** The options of the table that were set before, by name. */
const known = new Map<unknown, Option>();

function find(option: unknown): Option {
  return known.get(option) ?? lookUp(option);
}

function lookUp(option: unknown): Option {
  const name = typeof option === "number" ? nameOf(option) : option;
  if (typeof name === "string" && Object.hasOwn(table, name)) {
    const row: Option = { name, ...table[name] as OptionRow };
    known.set(name, row);
    return row;
  }
  const askable = typeof option === "number"
    ? Number.isInteger(option) && option > 0 && option < 0x7fffffff
    : typeof option === "string" && !option.includes("\0");
  const found = askable ? askLibrary(option as string | number) : undefined;
  if (found) return found;
  throw new CurlEasyError(Code.UNKNOWN_OPTION, `Unknown option: ${showName(option)}`);
}

/** Sets one option of a handle. */
export function setOption(state: EasyState, which: unknown, value: unknown): void {
  const easy = state.pointer;
  const option = find(which);
  if (value === undefined) throw badValue(option.name, "a value", value);
  if (state.readingHsts && HSTS_OPTIONS.has(option.id)) {
    state.refuseInCallback(`set ${option.name}`); // libcurl is walking the list that this frees
  }
  switch (option.kind) {
    case "long":
    case "values":
    case "off_t":
      if (IDLE_OPTIONS.has(option.id)) refuseInTransfer(state, option);
      setNumber(state, option, value);
      if (option.id === easyOptions.CONNECT_ONLY.id) state.connectOnly = Boolean(value);
      return;
    case "string":
      if (option.id === easyOptions.URL.id) replaceUrl(state, value);
      setString(easy, option, value);
      noteReuse(state, option.id, value);
      if (option.id === easyOptions.HSTS.id) state.hstsFile = value !== null;
      return;
    case "slist":
      return setList(state, option, value);
    case "blob":
      return setBlob(easy, option, value);
    case "function":
      return setFunction(state, option.name, option.id, value);
    case "cbptr":
      return setData(state, option.id, value);
    case "object":
      return setObject(state, option, value);
  }
}

const HSTS_OPTIONS: ReadonlySet<number> = new Set([
  easyOptions.HSTS.id,
  easyOptions.HSTS_CTRL.id,
  easyOptions.HSTSREADFUNCTION.id,
  easyOptions.HSTSWRITEFUNCTION.id,
  easyOptions.SHARE.id,
]);

/**
 * What every handle is born with: no signals, no waiting for the resolver's thread, and a buffer
 * for receiving that takes a quarter of libcurl's own 16 KiB's system calls, and no more time
 * where little comes.
 */
const BIRTH: ReadonlyMap<number, number> = new Map([
  [easyOptions.BUFFERSIZE.id, 64 * 1024],
  [easyOptions.NOSIGNAL.id, 1],
  [easyOptions.QUICK_EXIT.id, 1],
]);

/**
 * Without ALPN there is no HTTP/2 over TLS unless somebody asks for it, and none of the crashes of
 * `nssCrashesAfterAlpn`.
 */
const NSS_BIRTH: ReadonlyMap<number, number> = new Map([
  ...BIRTH,
  [easyOptions.SSL_ENABLE_ALPN.id, 0],
]);

let birth: ReadonlyMap<number, number> | undefined;

const birthOptions = () => birth ??= oddities().nssCrashesAfterAlpn ? NSS_BIRTH : BIRTH;

/** Sets the options that a new handle, or one that was reset, starts with. */
export function setBirthOptions(state: EasyState): void {
  const { curl_easy_setopt } = library().symbols;
  // QUICK_EXIT is unknown before 7.87, which is no error here
  for (const [id, value] of birthOptions()) curl_easy_setopt.long(state.pointer, id, value);
  setErrorBuffer(state);
}

/** Gives the handle, which may be a copy, its own place for error texts. */
export function setErrorBuffer(state: EasyState): void {
  const { pointer } = library().symbols.curl_easy_setopt;
  pointer(state.pointer, easyOptions.ERRORBUFFER.id, state.resources.errorBuffer);
}

function setNumber(state: EasyState, option: Option, value: unknown): void {
  const { curl_easy_setopt } = library().symbols;
  const given = value === null ? birthOptions().get(option.id) ?? option.default : value;
  if (given === undefined) {
    throw badValue(option.name, "a number: its default differs between versions", null);
  }
  const isLong = option.kind !== "off_t";
  let number = inBody(state, option, (isLong ? long : integer)(option.name, given));
  if (option.id === easyOptions.FORBID_REUSE.id) number = forbidReuse(state, Number(number));
  if (option.id === easyOptions.HSTS_CTRL.id) switchHsts(state, option, Number(number));
  const code = curl_easy_setopt[isLong ? "long" : "off_t"](state.pointer, option.id, number);
  check(option.name, code);
  note(state, option.id, Number(number));
  if (option.id === easyOptions.BUFFERSIZE.id) state.ownBuffer = value !== null;
  if (option.id === easyOptions.MAX_RECV_SPEED_LARGE.id) limitBuffer(state, Number(number));
}

/**
 * libcurl may fill a hundred buffers before it looks at the limit: small ones where the user has
 * not chosen.
 */
function limitBuffer(state: EasyState, limit: number): void {
  if (state.ownBuffer) return;
  const { id, default: small } = easyOptions.BUFFERSIZE, large = BIRTH.get(id) as number;
  library().symbols.curl_easy_setopt.long(state.pointer, id, limit > 0 ? small : large);
}

/** Keeps what the driver asks for. */
function note(state: EasyState, id: number, number: number): void {
  const { HTTP_VERSION, REDIR_PROTOCOLS, TIMEOUT, TIMEOUT_MS } = easyOptions;
  const { MAX_RECV_SPEED_LARGE, MAX_SEND_SPEED_LARGE } = easyOptions;
  if (id === TIMEOUT_MS.id) state.timeoutMs = number;
  else if (id === TIMEOUT.id) state.timeoutMs = number * 1000;
  else if (id === HTTP_VERSION.id) state.httpVersion = number;
  else if (id === REDIR_PROTOCOLS.id) noteReuse(state, id, number);
  else if (id === MAX_RECV_SPEED_LARGE.id || id === MAX_SEND_SPEED_LARGE.id) {
    state.rateLimited ||= number > 0;
  }
}

const { CURLHSTS_ENABLE, CURL_LOCK_DATA_HSTS } = flags;

/** Switching HSTS off frees the cache: not that of all handles that share it. */
function switchHsts(state: EasyState, option: Option, value: number): void {
  if (value & CURLHSTS_ENABLE) return;
  const share = easyOptions.SHARE.id;
  if (handleSide(share, state.uses.get(share))?.shares?.(CURL_LOCK_DATA_HSTS)) {
    throw badValue(option.name, "CURLHSTS_ENABLE while a Share has the cache", value);
  }
  // libcurl before 8.21 would load the files of HSTS into the cache that is gone
  library().symbols.curl_easy_setopt.pointer(state.pointer, easyOptions.HSTS.id, null);
}

/** Keeps the size of POSTFIELDS within the bytes that are there; libcurl would read beyond. */
function inBody(state: EasyState, option: Option, size: number | bigint): number | bigint {
  const { POSTFIELDS, POSTFIELDSIZE, POSTFIELDSIZE_LARGE } = easyOptions;
  if (option.id !== POSTFIELDSIZE.id && option.id !== POSTFIELDSIZE_LARGE.id) return size;
  const body = state.resources.owned.get(POSTFIELDS.id);
  if (!body || (size >= 0 && size <= body.size)) return size;
  if (Number(size) === -1) return body.size; // libcurl would look for a NUL
  throw badValue(option.name, `-1 to ${body.size}, the size of POSTFIELDS`, size);
}

/** The later of URL and CURLU counts. */
function replaceUrl(state: EasyState, url: unknown): void {
  forgetEntryPath(state, url);
  if (!state.resources.owned.has(CURLU)) return;
  check("CURLU", library().symbols.curl_easy_setopt.pointer(state.pointer, CURLU, null));
  state.own(CURLU, null);
  state.uses.delete(CURLU);
}

/**
 * Has libcurl read CURLU again, which may have changed since the last transfer. It keeps a URL
 * of its own, which some versions do not renew, and others free and then show where CURLU has
 * become none.
 */
export function renewUrl(state: EasyState): void {
  if (state.multi || !state.resources.owned.has(CURLU)) return;
  library().symbols.curl_easy_setopt.pointer(state.pointer, easyOptions.URL.id, null);
}

/** What stays on this machine: paths and their passphrases, in which a line break means itself. */
const LOCAL_STRINGS: ReadonlySet<string> = new Set([
  ...["ABSTRACT_UNIX_SOCKET", "UNIX_SOCKET_PATH", "EGDSOCKET", "RANDOM_FILE"],
  ...["ALTSVC", "HSTS", "COOKIEFILE", "COOKIEJAR", "NETRC_FILE"],
  ...["CAINFO", "CAPATH", "CRLFILE", "ISSUERCERT", "SSLCERT", "SSLKEY", "KEYPASSWD"],
  ...["PROXY_CAINFO", "PROXY_CAPATH", "PROXY_CRLFILE", "PROXY_ISSUERCERT"],
  ...["PROXY_SSLCERT", "PROXY_SSLKEY", "PROXY_KEYPASSWD", "SSLKEYPASSWD", "SSLCERTPASSWD"],
  ...["SSH_KNOWNHOSTS", "SSH_PRIVATE_KEYFILE", "SSH_PUBLIC_KEYFILE"],
]);

function checked({ name }: Option, value: unknown): string {
  return LOCAL_STRINGS.has(name) ? text(name, value) : oneLine(name, value);
}

function setString(easy: NonNullPointer, option: Option, value: unknown): void {
  const { curl_easy_setopt } = library().symbols;
  const code = value === null
    ? curl_easy_setopt.pointer(easy, option.id, null)
    : curl_easy_setopt.buffer(easy, option.id, cString(checked(option, value)));
  check(option.name, code);
}

/** Gives libcurl a pointer to memory that it reads later. */
function setOwned(state: EasyState, option: Option, owned: Owned | null): void {
  const { curl_easy_setopt } = library().symbols;
  const code = curl_easy_setopt.pointer(state.pointer, option.id, owned?.pointer ?? null);
  if (code !== Code.OK) owned?.release();
  check(option.name, code);
  state.own(option.id, owned);
}

function setList(state: EasyState, option: Option, value: unknown): void {
  setOwned(state, option, value === null ? null : ownList(lines(option.name, value)));
}

// struct curl_blob: void *data @0; size_t len @8; unsigned flags @16
const BLOB_SIZE = 24, CURL_BLOB_COPY = 1;

function setBlob(easy: NonNullPointer, option: Option, value: unknown): void {
  const { curl_easy_setopt } = library().symbols;
  if (value === null) {
    check(option.name, curl_easy_setopt.pointer(easy, option.id, null));
    return;
  }
  const data = bytes(option.name, value);
  const copy = allocateBytes(data), blob = allocate(BLOB_SIZE);
  const at = new Struct(blob, BLOB_SIZE);
  at.setI64(0, native.address(copy));
  at.setI64(8, data.length);
  at.setI64(16, CURL_BLOB_COPY);
  const code = curl_easy_setopt.pointer(easy, option.id, blob);
  release(blob);
  release(copy);
  check(option.name, code);
}

function setObject(state: EasyState, option: Option, value: unknown): void {
  switch (option.id) {
    case easyOptions.PRIVATE.id:
      state.privateValue = value;
      return;
    case easyOptions.POSTFIELDS.id:
    case easyOptions.COPYPOSTFIELDS.id: // libcurl would free its copy while it sends it
      return setPostFields(state, { ...option, id: easyOptions.POSTFIELDS.id }, value);
    case easyOptions.STDERR.id:
      return setStderr(state, option, value);
    case easyOptions.MIMEPOST.id:
      refuseInTransfer(state, option);
      return setMime(state, value);
    case easyOptions.HTTPPOST.id:
      refuseInTransfer(state, option);
      return setOwned(state, option, value === null ? null : ownForm(value));
    case easyOptions.ERRORBUFFER.id:
      throw badValue(option.name, "nothing: errors carry its text", value);
    default:
      return setHandle(state, option, value);
  }
}

function postBytes(option: Option, value: unknown): Uint8Array<ArrayBuffer> {
  return typeof value === "string" ? utf8(value) : bytes(option.name, value);
}

function setPostSize(state: EasyState, size: number): void {
  const id = easyOptions.POSTFIELDSIZE_LARGE.id;
  const { curl_easy_setopt } = library().symbols;
  check("POSTFIELDSIZE_LARGE", curl_easy_setopt.off_t(state.pointer, id, size));
}

function setPostFields(state: EasyState, option: Option, value: unknown): void {
  if (value === null) {
    setPostSize(state, -1);
    return setOwned(state, option, null);
  }
  const data = postBytes(option, value);
  setPostSize(state, data.length);
  setOwned(state, option, ownBytes(data));
}

function setStderr(state: EasyState, option: Option, value: unknown): void {
  if (value === null) return setOwned(state, option, null);
  const file = ownFile(text(option.name, value));
  if (!file) throw badValue(option.name, "the path of a file that can be written", value);
  setOwned(state, option, file);
}

function setPointer(state: EasyState, option: Option, pointer: Pointer): void {
  const { curl_easy_setopt } = library().symbols;
  check(option.name, curl_easy_setopt.pointer(state.pointer, option.id, pointer));
}

function setHandle(state: EasyState, option: Option, value: unknown): void {
  const side = value === null ? null : handleSide(option.id, value);
  if (side === undefined) throw badValue(option.name, "an open handle of its class", value);
  if (IDLE_OPTIONS.has(option.id)) refuseInTransfer(state, option);
  if (option.id === CURLU) forgetEntryPath(state, "");
  if (STREAM_OPTIONS.has(option.id)) {
    return setStream(state, option, side as EasyState | null, value);
  }
  if (option.id === CURLU) setOwned(state, option, side?.owned?.retain() ?? null);
  else setPointer(state, option, side?.pointer ?? null);
  if (side === null) state.uses.delete(option.id);
  else state.uses.set(option.id, value);
  side?.used?.(state);
}

const CURLU = easyOptions.CURLU.id;

/**
 * Options that stay as they are during a transfer: libcurl does not expect that the caches change
 * while a connection of theirs is in use, or that there is no URL any more.
 */
const IDLE_OPTIONS: ReadonlySet<number> = new Set([
  easyOptions.SHARE.id,
  CURLU,
  // the connection is of the kind that it was made for, and one of the other kind is never given up
  easyOptions.CONNECT_ONLY.id,
  // libcurl frees the buffer that it sends from
  easyOptions.UPLOAD_BUFFERSIZE.id,
]);

function refuseInTransfer(state: EasyState, option: Option): void {
  if (!state.pinned) return;
  state.refuseInCallback(`set ${option.name}`);
  throw new CurlEasyError(
    Code.BAD_FUNCTION_ARGUMENT,
    `Cannot set ${option.name}: the easy handle is added to a multi handle`,
  );
}

const STREAM_OPTIONS: ReadonlySet<number> = new Set([
  easyOptions.STREAM_DEPENDS.id,
  easyOptions.STREAM_DEPENDS_E.id,
]);

/** libcurl before 8 does not take a handle out of the tree it is in, so this is for once only. */
function setStream(
  state: EasyState,
  option: Option,
  parent: EasyState | null,
  value: unknown,
): void {
  const { pointer } = library().symbols.curl_easy_setopt;
  if ([...STREAM_OPTIONS].some((id) => state.uses.has(id))) {
    throw badValue(option.name, "to set it once: libcurl cannot change it", value);
  }
  check(option.name, pointer(state.pointer, option.id, parent?.pointer ?? null));
  if (parent === null) return;
  state.uses.set(option.id, value);
  state.inStreamTree = parent.inStreamTree = true;
}
