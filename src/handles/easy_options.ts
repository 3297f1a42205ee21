/**
 * `curl_easy_setopt` in JS terms: finds the option, checks the value, and hands it to libcurl
 * in the shape that its kind needs.
 *
 * @module
 */

import { easyOptions, type OptionKind, type OptionRow } from "../../ffi/curl/options.ts";
import { allocate, allocateBytes, cString, release, Struct, utf8 } from "../../ffi/memory.ts";
import { library, native, type NonNullPointer } from "../../ffi/mod.ts";
import { Code, CurlEasyError } from "../errors.ts";
import { handleSide } from "./c_handle.ts";
import { check } from "./easy_check.ts";
import { setData, setFunction } from "./easy_functions.ts";
import type { EasyState } from "./easy_state.ts";
import { badValue, bytes, integer, lines, long, text } from "./easy_values.ts";
import { ownBytes, type Owned, ownFile, ownList } from "./owned.ts";

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

function find(option: unknown): Option {
  const name = typeof option === "number" ? nameOf(option) : option;
  if (typeof name === "string" && Object.hasOwn(table, name)) {
    const row = table[name] as OptionRow;
    return { name, ...row };
  }
  const askable = typeof option === "number"
    ? Number.isInteger(option) && option >= 0 && option < 0x7fffffff
    : typeof option === "string" && !option.includes("\0");
  const found = askable ? askLibrary(option as string | number) : undefined;
  if (found) return found;
  throw new CurlEasyError(Code.UNKNOWN_OPTION, `Unknown option: ${String(option)}`);
}

/** Sets one option of a handle. */
export function setOption(state: EasyState, which: unknown, value: unknown): void {
  const easy = state.pointer;
  const option = find(which);
  if (value === undefined) throw badValue(option.name, "a value", value);
  switch (option.kind) {
    case "long":
    case "values":
    case "off_t":
      setNumber(easy, option, value);
      if (option.id === easyOptions.CONNECT_ONLY.id) state.connectOnly = Boolean(value);
      return;
    case "string":
      return setString(easy, option, value);
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

/** What every handle is born with: no signals, and no waiting for the resolver's thread. */
const BIRTH: ReadonlyMap<number, number> = new Map([
  [easyOptions.NOSIGNAL.id, 1],
  [easyOptions.QUICK_EXIT.id, 1],
]);

/** Sets the options that a new handle, or one that was reset, starts with. */
export function setBirthOptions(state: EasyState): void {
  const { curl_easy_setopt } = library().symbols;
  const easy = state.pointer;
  // QUICK_EXIT is unknown before 7.87, which is no error here
  for (const [id, value] of BIRTH) curl_easy_setopt.long(easy, id, value);
  curl_easy_setopt.pointer(easy, easyOptions.ERRORBUFFER.id, state.resources.errorBuffer);
}

function setNumber(easy: NonNullPointer, option: Option, value: unknown): void {
  const { curl_easy_setopt } = library().symbols;
  const given = value === null ? BIRTH.get(option.id) ?? option.default : value;
  if (given === undefined) {
    throw badValue(option.name, "a number: its default differs between versions", null);
  }
  const code = option.kind === "off_t"
    ? curl_easy_setopt.off_t(easy, option.id, integer(option.name, given))
    : curl_easy_setopt.long(easy, option.id, long(option.name, given));
  check(option.name, code);
}

function setString(easy: NonNullPointer, option: Option, value: unknown): void {
  const { curl_easy_setopt } = library().symbols;
  const code = value === null
    ? curl_easy_setopt.pointer(easy, option.id, null)
    : curl_easy_setopt.buffer(easy, option.id, cString(text(option.name, value)));
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
      return setPostFields(state, option, value);
    case easyOptions.COPYPOSTFIELDS.id:
      return setCopyPostFields(state, option, value);
    case easyOptions.STDERR.id:
      return setStderr(state, option, value);
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

function setCopyPostFields(state: EasyState, option: Option, value: unknown): void {
  const { curl_easy_setopt } = library().symbols;
  if (value === null) {
    setPostSize(state, -1);
    return check(option.name, curl_easy_setopt.pointer(state.pointer, option.id, null));
  }
  const data = postBytes(option, value);
  setPostSize(state, data.length);
  const copy = allocateBytes(data); // an empty JS buffer would arrive as NULL
  const code = curl_easy_setopt.pointer(state.pointer, option.id, copy);
  release(copy);
  check(option.name, code);
}

function setStderr(state: EasyState, option: Option, value: unknown): void {
  if (value === null) return setOwned(state, option, null);
  const file = ownFile(text(option.name, value));
  if (!file) throw badValue(option.name, "the path of a file that can be written", value);
  setOwned(state, option, file);
}

function setHandle(state: EasyState, option: Option, value: unknown): void {
  const { curl_easy_setopt } = library().symbols;
  const side = value === null ? null : handleSide(option.id, value);
  if (side === undefined) throw badValue(option.name, "an open handle of its class", value);
  check(option.name, curl_easy_setopt.pointer(state.pointer, option.id, side?.pointer ?? null));
  if (side === null) state.uses.delete(option.id);
  else state.uses.set(option.id, value);
  side?.used?.(state);
}
