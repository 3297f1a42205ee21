/**
 * `curl_multi_setopt`: finds the option, checks the value, and converts it for libcurl.
 *
 * @module
 */

import { multiOptions, type OptionRow } from "../../../ffi/curl/options.ts";
import { library } from "../../../ffi/mod.ts";
import { CurlMultiError, MultiCode } from "../../errors.ts";
import { isArray, show, wholeInteger, wholeNumber } from "../base/arguments.ts";
import { unknownName } from "../base/unknown_name.ts";
import type { AnyFunction } from "../base/callback_results.ts";
import { installCallback } from "./callbacks.ts";
import type { MultiState } from "./state.ts";

const table: Readonly<Record<string, OptionRow>> = multiOptions;

function find(option: unknown): [string, OptionRow] {
  if (typeof option === "string" && Object.hasOwn(table, option)) {
    return [option, table[option] as OptionRow];
  }
  const found = Object.entries(table).find(([, row]) => row.id === option);
  if (found) return found;
  throw new CurlMultiError(
    MultiCode.UNKNOWN_OPTION,
    unknownName("option", option, Object.keys(table)),
  );
}

function badValue(name: string, expected: string, value: unknown): CurlMultiError {
  return new CurlMultiError(
    MultiCode.BAD_FUNCTION_ARGUMENT,
    `Cannot set ${name}: expected ${expected}, got ${show(value)}`,
  );
}

/** Sets an option of a multi handle. */
export function setMultiOption(state: MultiState, which: unknown, value: unknown): void {
  const { curl_multi_setopt } = library().symbols;
  const pointer = state.pointer;
  const [name, row] = find(which);
  state.refuseInCallback(`set ${name}`);
  switch (row.kind) {
    case "function":
      return setFunction(state, name, row.id, value);
    case "cbptr":
      if (value === null || value === undefined) state.data.delete(row.id);
      else state.data.set(row.id, value);
      return;
    case "object": {
      // the PIPELINING_*_BL lists have no effect since 7.62, so libcurl never keeps one
      if (value !== null && !isArray(value)) {
        throw badValue(name, "an array of strings", value);
      }
      return state.finish(curl_multi_setopt.pointer(pointer, row.id, null));
    }
    case "off_t":
      return state.finish(curl_multi_setopt.off_t(pointer, row.id, offT(name, row, value)));
    default:
      return state.finish(curl_multi_setopt.long(pointer, row.id, number(name, row, value)));
  }
}

function offT(name: string, row: OptionRow, value: unknown): number | bigint {
  return wholeInteger(value) ?? number(name, row, value);
}

function number(name: string, row: OptionRow, value: unknown): number {
  if (value === null && Object.hasOwn(row, "default")) return row.default as number;
  const found = wholeNumber(value, -0x80000000, 0x7fffffff);
  if (found !== undefined) return found;
  throw badValue(name, "a whole number of 32 bits or a boolean", value);
}

function setFunction(state: MultiState, name: string, id: number, value: unknown): void {
  if (value !== null && typeof value !== "function") {
    throw badValue(name, "a function or null", value);
  }
  if (value !== null) {
    installCallback(state, id);
    state.functions.set(id, value as AnyFunction);
    return;
  }
  state.functions.delete(id);
  if (id === multiOptions.SOCKETFUNCTION.id) return; // `assign` and a driver need it
  const { pointer } = library().symbols.curl_multi_setopt;
  state.finish(pointer(state.pointer, id, null));
}
