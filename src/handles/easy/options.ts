/**
 * `curl_easy_setopt`: finds the option, checks the value, and converts it for libcurl.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { flags } from "../../../ffi/curl/flags.ts";
import { latin1 } from "../../../ffi/c_text.ts";
import {
  allocate,
  allocateBytes,
  cString,
  type CText,
  release,
  Struct,
} from "../../../ffi/memory.ts";
import { library, native, type Pointer } from "../../../ffi/mod.ts";
import { Code } from "../../errors.ts";
import { noteConnectionOption } from "../connections/connection_class.ts";
import { handleSide } from "../core/handle_registry.ts";
import { checkSetopt } from "../base/check_setopt.ts";
import { initialNumber } from "./defaults.ts";
import { updateFtpOrigin } from "./ftp_entry_path.ts";
import { findOption, type Option } from "./option_table.ts";
import { setData, setFunction } from "./functions.ts";
import type { EasyState } from "../core/easy_state.ts";
import { INITIAL_BUFFERSIZE } from "../core/receive_settings.ts";
import { badValue, bytes, integer, lines, long, oneLine, text } from "../base/arguments.ts";
import { setForm } from "../mime/form.ts";
import { type FormPart, readForm } from "../mime/httppost.ts";
import { isPostSize, postBytes, postSizeFor, sizeOfPostFields } from "./post_fields.ts";
import { forbidReuse, forceFresh, noteReuse } from "./forbid_reuse.ts";
import { LIMITS_IN_USE, refuseInUse } from "./in_use.ts";
import { ownFile } from "../base/files.ts";
import { setMime } from "../mime/mime.ts";
import { lendBytes, ownBytes, type Owned, ownList } from "../base/owned.ts";

const { COPYPOSTFIELDS, HTTPGET, HTTPPOST, MIMEPOST, NOBODY, POST, POSTFIELDS, PUT, UPLOAD } =
  easyOptions;

/** The options that set libcurl's method. */
const BODY_OPTIONS: ReadonlySet<number> = new Set(
  [COPYPOSTFIELDS, HTTPGET, HTTPPOST, MIMEPOST, NOBODY, POST, POSTFIELDS, PUT, UPLOAD]
    .map(({ id }) => id),
);

/**
 * Sets an option of a handle. The value is read once and completely before the state of the handle
 * is checked: a getter runs the user's code, which may close the handle.
 */
export function setOption(state: EasyState, which: unknown, value: unknown): void {
  void state.pointer; // throws for a closed handle
  const option = findOption(which);
  if (value === undefined) throw badValue(option.name, "a value", value);
  const read = readValue(option, value);
  void state.pointer; // a getter of the value may have closed it
  refuseInUse(state, option);
  applyValue(state, option, read);
  if (BODY_OPTIONS.has(option.id)) state.settings.bodyOption = option.id;
  if (!option.shapesConnection) return;
  noteConnectionOption(state, option, read, initialNumber(option.id) ?? option.default);
}

/**
 * Copies the value of an option, where it is a list or bytes, so that it can be set later, or more
 * than once. Throws as setting it would.
 */
export function copyOfValue(which: unknown, value: unknown): unknown {
  const option = findOption(which), read = readValue(option, value);
  return option.kind === "blob" && read !== null ? bytes(option.name, read).slice() : read;
}

/**
 * Copies a list or a form, so that later code of the user cannot change it. Other values are not
 * copied.
 */
function readValue({ name, id, kind }: Option, value: unknown): unknown {
  if (value === null) return null;
  if (kind === "slist") return lines(name, value);
  if (kind === "string") return readString(name, id, value);
  return id === easyOptions.HTTPPOST.id ? readForm(value) : value;
}

function applyValue(state: EasyState, option: Option, value: unknown): void {
  switch (option.kind) {
    case "long":
    case "values":
    case "off_t":
      return setNumber(state, option, value);
    case "string":
      return applyString(state, option, value as CText | null);
    case "slist": {
      const list = value as readonly CText[] | null;
      setOwned(state, option, list && ownList(list));
      return noteReuse(state, option.id, list);
    }
    case "blob":
      return setBlob(state, option, value);
    case "function":
      return setFunction(state, option.name, option.id, value);
    case "cbptr":
      return setData(state, option.id, value);
    case "object":
      setObject(state, option, value);
      return noteReuse(state, option.id, value);
  }
}

function applyString(state: EasyState, option: Option, value: CText | null): void {
  const shown = value === null || typeof value === "string" ? value : latin1(value);
  if (option.id === easyOptions.URL.id) replaceUrl(state, shown);
  setString(state, option, value);
  noteReuse(state, option.id, shown);
  if (option.id === easyOptions.HSTS.id) state.settings.hstsFile = value !== null;
  if (option.id === UNIX_SOCKET_PATH.id) state.settings.unixSocket = shown;
  if (option.id === ABSTRACT_UNIX_SOCKET.id) state.settings.unixSocket = shown && `@${shown}`;
  if (option.id === ACCEPT_ENCODING) {
    state.settings.setReceive({ acceptsEncoding: value !== null });
  }
}

function setNumber(state: EasyState, option: Option, value: unknown): void {
  const { curl_easy_setopt } = library().symbols;
  const given = value === null ? initialNumber(option.id) ?? option.default : value;
  if (given === undefined) {
    throw badValue(option.name, "a number: its default differs between versions", null);
  }
  const isLong = option.kind !== "off_t";
  let number = (isLong ? long : integer)(option.name, given);
  if (isPostSize(option.id)) number = postSizeFor(state, option, number);
  if (option.id === easyOptions.FORBID_REUSE.id) number = forbidReuse(state, Number(number));
  if (option.id === easyOptions.FRESH_CONNECT.id) number = forceFresh(state, Number(number));
  if (option.id === easyOptions.HSTS_CTRL.id) switchHsts(state, option, Number(number));
  const code = curl_easy_setopt[isLong ? "long" : "off_t"](state.pointer, option.id, number);
  checkSetopt(option.name, code);
  recordNumber(state, option.id, Number(number));
  if (state.multi && LIMITS_IN_USE.has(option.id)) state.multi.observer?.limitChanged(state);
  if (option.id === easyOptions.CONNECT_ONLY.id) state.settings.connectOnly = Number(number) !== 0;
  if (option.id === easyOptions.BUFFERSIZE.id) {
    recordBufferSize(state, Number(number), value !== null);
  }
  if (option.id === easyOptions.MAX_RECV_SPEED_LARGE.id) limitBuffer(state, Number(number));
}

/**
 * Sets a small BUFFERSIZE where the receive speed is limited and the user has set no size: libcurl
 * may fill a hundred buffers before it checks the limit.
 */
function limitBuffer(state: EasyState, limit: number): void {
  if (state.settings.receive.bufferSizeSet || state.isInUse) return;
  const { id, default: small } = easyOptions.BUFFERSIZE, large = INITIAL_BUFFERSIZE;
  const size = limit > 0 ? small : large;
  library().symbols.curl_easy_setopt.long(state.pointer, id, size);
  recordBufferSize(state, size, false);
}

function recordBufferSize({ settings }: EasyState, size: number, isUsers: boolean): void {
  settings.setReceive({ bufferSize: size, bufferSizeSet: isUsers });
}

/** Records the numbers that the driver and `forbid_reuse.ts` need. */
function recordNumber(state: EasyState, id: number, number: number): void {
  const { FOLLOWLOCATION, HTTP_VERSION, TIMEOUT, TIMEOUT_MS } = easyOptions;
  const { MAX_RECV_SPEED_LARGE, MAX_SEND_SPEED_LARGE, RESUME_FROM, RESUME_FROM_LARGE } =
    easyOptions;
  const { HTTP_CONTENT_DECODING, TRANSFER_ENCODING } = easyOptions;
  if (id === TIMEOUT_MS.id) state.settings.timeoutMs = number;
  else if (id === easyOptions.VERBOSE.id) state.settings.verbose = number !== 0;
  else if (id === TIMEOUT.id) state.settings.timeoutMs = number * 1000;
  else if (id === HTTP_VERSION.id) state.settings.httpVersion = number;
  else if (id === HTTP_CONTENT_DECODING.id) {
    state.settings.setReceive({ contentDecoding: number !== 0 });
  } else if (id === TRANSFER_ENCODING.id) {
    state.settings.setReceive({ transferEncoding: number !== 0 });
  } else if (id === FOLLOWLOCATION.id) state.settings.followsRedirects = number !== 0;
  else if (id === RESUME_FROM.id || id === RESUME_FROM_LARGE.id) state.settings.resumesAt = number;
  else if (id === MAX_RECV_SPEED_LARGE.id || id === MAX_SEND_SPEED_LARGE.id) {
    state.settings.rateLimited ||= number > 0;
  } else noteReuse(state, id, number);
}

const { CURLHSTS_ENABLE, CURL_LOCK_DATA_HSTS } = flags;

/**
 * Prepares to disable HSTS, which frees its cache. Throws where the cache belongs to a Share,
 * because other handles use it.
 */
function switchHsts(state: EasyState, option: Option, value: number): void {
  if (value & CURLHSTS_ENABLE) return;
  const share = easyOptions.SHARE.id;
  if (handleSide(share, state.share)?.shares?.(CURL_LOCK_DATA_HSTS)) {
    throw badValue(option.name, "CURLHSTS_ENABLE while a Share has the cache", value);
  }
  // libcurl before 8.21 would load the files of HSTS into the freed cache
  library().symbols.curl_easy_setopt.pointer(state.pointer, easyOptions.HSTS.id, null);
}

/** Unsets CURLU where URL is set: the one that was set last applies. */
function replaceUrl(state: EasyState, url: unknown): void {
  updateFtpOrigin(state, url);
  if (!state.resources.owned.has(CURLU)) return;
  checkSetopt("CURLU", library().symbols.curl_easy_setopt.pointer(state.pointer, CURLU, null));
  state.own(CURLU, null);
  state.settings.uses.delete(CURLU);
}

/**
 * Makes libcurl read CURLU again, which may have changed since the last transfer. libcurl keeps its
 * own copy of the URL: some versions do not update it, others free it and then return the dangling
 * copy where CURLU no longer has a URL.
 */
export function rereadCurlu(state: EasyState): void {
  if (state.multi || !state.resources.owned.has(CURLU)) return;
  library().symbols.curl_easy_setopt.pointer(state.pointer, easyOptions.URL.id, null);
}

/**
 * Sets RESOLVE again before a transfer in a multi handle, given by its token, whose name cache does
 * not have its addresses: libcurl adds them only once after the option was set.
 */
export function rereadResolve(state: EasyState, multi: number): void {
  const list = state.resources.owned.get(RESOLVE);
  if (list === undefined || state.resolvedIn === multi) return;
  library().symbols.curl_easy_setopt.pointer(state.pointer, RESOLVE, list.pointer);
  state.resolvedIn = multi;
}

/** The strings that are not sent: paths and passphrases, which may contain line breaks. */
const LOCAL_STRINGS: ReadonlySet<string> = new Set([
  ...["ABSTRACT_UNIX_SOCKET", "UNIX_SOCKET_PATH", "EGDSOCKET", "RANDOM_FILE"],
  ...["ALTSVC", "HSTS", "COOKIEFILE", "COOKIEJAR", "NETRC_FILE"],
  ...["CAINFO", "CAPATH", "CRLFILE", "ISSUERCERT", "SSLCERT", "SSLKEY", "KEYPASSWD"],
  ...["PROXY_CAINFO", "PROXY_CAPATH", "PROXY_CRLFILE", "PROXY_ISSUERCERT"],
  ...["PROXY_SSLCERT", "PROXY_SSLKEY", "PROXY_KEYPASSWD", "SSLKEYPASSWD", "SSLCERTPASSWD"],
  ...["SSH_KNOWNHOSTS", "SSH_PRIVATE_KEYFILE", "SSH_PUBLIC_KEYFILE"],
]);

/** Reads a string: one that is sent must not have line breaks. */
function readString(name: string, id: number, value: unknown): CText {
  const read = LOCAL_STRINGS.has(name) ? text(name, value) : oneLine(name, value);
  return id === easyOptions.COOKIELIST.id ? cookieLine(read) : read;
}

/** A line of COOKIELIST is latin-1, like the info COOKIELIST, unless it has other characters. */
function cookieLine(line: CText): CText {
  if (typeof line !== "string" || /^[\x20-\x7e]*$/.test(line)) return line;
  const units = Array.from(line, (character) => character.charCodeAt(0));
  return units.every((unit) => unit <= 0xff) ? Uint8Array.from(units) : line;
}

function setString(state: EasyState, option: Option, value: CText | null): void {
  const text = value === null ? null : cString(value);
  const { pointer, buffer } = library().symbols.curl_easy_setopt;
  const code = text === null
    ? pointer(state.pointer, option.id, null)
    : buffer(state.pointer, option.id, text);
  checkSetopt(option.name, code);
}

/** Sets POSTFIELDS, and its size. */
function setPostFields(state: EasyState, option: Option, value: unknown): void {
  const data = value === null ? null : postBytes(option, value);
  givePostFields(state, option, data, ownBytes);
}

/** Sets POSTFIELDS to bytes that nobody will change, which are not copied. */
export function lendPostFields(state: EasyState, data: Uint8Array<ArrayBuffer>): void {
  givePostFields(state, findOption("POSTFIELDS"), data, lendBytes);
}

function givePostFields(
  state: EasyState,
  option: Option,
  data: Uint8Array<ArrayBuffer> | null,
  own: (data: Uint8Array<ArrayBuffer>) => Owned,
): void {
  const { off_t } = library().symbols.curl_easy_setopt, { id } = easyOptions.POSTFIELDSIZE_LARGE;
  const size = sizeOfPostFields(state, option, data);
  checkSetopt("POSTFIELDSIZE_LARGE", off_t(state.pointer, id, size));
  const target = { ...option, id: easyOptions.POSTFIELDS.id };
  setOwned(state, target, data && own(data));
  noteReuse(state, target.id, data);
}

/** Sets an option to memory that libcurl reads later, and transfers its ownership to the handle. */
function setOwned(state: EasyState, option: Option, owned: Owned | null): void {
  const { curl_easy_setopt } = library().symbols;
  const code = curl_easy_setopt.pointer(state.pointer, option.id, owned?.pointer ?? null);
  if (code !== Code.OK) owned?.release();
  checkSetopt(option.name, code);
  state.own(option.id, owned);
  if (option.id === RESOLVE) state.resolvedIn = 0;
}

// struct curl_blob: void *data @0; size_t len @8; unsigned flags @16
const BLOB_SIZE = 24;

function setBlob(state: EasyState, option: Option, value: unknown): void {
  if (value === null) return setPointer(state, option, null);
  const { curl_easy_setopt } = library().symbols;
  const data = bytes(option.name, value);
  const copy = allocateBytes(data), blob = allocate(BLOB_SIZE);
  const at = new Struct(blob, BLOB_SIZE);
  at.setI64(0, native.address(copy));
  at.setI64(8, data.length);
  at.setI64(16, flags.CURL_BLOB_COPY);
  const code = curl_easy_setopt.pointer(state.pointer, option.id, blob);
  release(blob);
  release(copy);
  checkSetopt(option.name, code);
}

function setObject(state: EasyState, option: Option, value: unknown): void {
  switch (option.id) {
    case easyOptions.PRIVATE.id:
      state.settings.privateValue = value;
      return;
    case easyOptions.POSTFIELDS.id:
    case easyOptions.COPYPOSTFIELDS.id: // libcurl would free its own copy while it sends it
      return setPostFields(state, option, value);
    case easyOptions.STDERR.id:
      return setStderr(state, option, value);
    case easyOptions.MIMEPOST.id:
      return setMime(state, value);
    case easyOptions.HTTPPOST.id:
      return setForm(state, value as FormPart[] | null);
    case easyOptions.ERRORBUFFER.id:
      throw badValue(option.name, "nothing: errors carry its text", value);
    default:
      return setHandle(state, option, value);
  }
}

function setStderr(state: EasyState, option: Option, value: unknown): void {
  if (value === null) return setOwned(state, option, null);
  const name = typeof value === "number" ? value : text(option.name, value);
  let file: Owned;
  try {
    file = ownFile(name, "a");
  } catch (error) {
    const expected = "a file that can be written, by its path or descriptor";
    throw badValue(option.name, `${expected} (${(error as Error).message})`, value);
  }
  setOwned(state, option, file);
}

function setPointer(state: EasyState, option: Option, pointer: Pointer): void {
  const { curl_easy_setopt } = library().symbols;
  checkSetopt(option.name, curl_easy_setopt.pointer(state.pointer, option.id, pointer));
}

function setHandle(state: EasyState, option: Option, value: unknown): void {
  const side = value === null ? null : handleSide(option.id, value);
  if (side === undefined) throw badValue(option.name, "an open handle of its class", value);
  if (option.id === CURLU) updateFtpOrigin(state, "");
  if (STREAM_OPTIONS.has(option.id)) {
    return setStream(state, option, side as EasyState | null, value);
  }
  if (option.id === CURLU) setOwned(state, option, side?.owned?.retain() ?? null);
  else setPointer(state, option, side?.pointer ?? null);
  if (option.id === easyOptions.SHARE.id) {
    state.share = side === null ? undefined : value;
    state.sharedData = side?.data ?? null;
  } else if (side === null) state.settings.uses.delete(option.id);
  else state.settings.uses.set(option.id, value);
  if (option.id === easyOptions.SHARE.id) side?.onUse?.(state);
}

const CURLU = easyOptions.CURLU.id, RESOLVE = easyOptions.RESOLVE.id;
const ACCEPT_ENCODING = easyOptions.ACCEPT_ENCODING.id;
const { ABSTRACT_UNIX_SOCKET, UNIX_SOCKET_PATH } = easyOptions;

const STREAM_OPTIONS: ReadonlySet<number> = new Set([
  easyOptions.STREAM_DEPENDS.id,
  easyOptions.STREAM_DEPENDS_E.id,
]);

/** Sets STREAM_DEPENDS, once only: libcurl before 8 does not remove a handle from its old tree. */
function setStream(
  state: EasyState,
  option: Option,
  parent: EasyState | null,
  value: unknown,
): void {
  const { pointer } = library().symbols.curl_easy_setopt;
  if (state.dependsOn !== null) {
    throw badValue(option.name, "to set it once: libcurl cannot change it", value);
  }
  checkSetopt(option.name, pointer(state.pointer, option.id, parent?.pointer ?? null));
  if (parent === null) return;
  state.dependsOn = value;
  state.inStreamTree = parent.inStreamTree = true;
}
