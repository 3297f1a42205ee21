/**
 * `CURLEW_FETCH`: options for every `fetch` of a program whose source cannot be changed.
 *
 * @module
 */

import { easyOptions } from "../../ffi/curl/options.ts";
import { native } from "../../ffi/mod.ts";
import { shown } from "../http/shown.ts";
import type { FetchInit } from "../http/request/plan.ts";

/** The members of `FetchInit` that JSON can express. */
export type Defaults = Pick<
  FetchInit,
  "timeout" | "connectTimeout" | "maxBodySize" | "maxHeaders" | "retryUnsafe" | "curl"
>;

const NUMBERS: ReadonlySet<string> = new Set([
  ...["timeout", "connectTimeout", "maxBodySize", "maxHeaders"],
]);

function refused(name: string, expected: string, got: unknown): TypeError {
  const what = name === "" ? "it" : name;
  return new TypeError(`Cannot use CURLEW_FETCH: ${what} must be ${expected}, got ${shown(got)}`);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function checkMember(name: string, value: unknown): void {
  if (NUMBERS.has(name)) {
    if (typeof value !== "number" || !(value >= 0)) {
      throw refused(name, "a number from 0 on", value);
    }
  } else if (name === "retryUnsafe") {
    if (typeof value !== "boolean") throw refused(name, "true or false", value);
  } else if (name !== "curl") {
    const known = [...NUMBERS, "retryUnsafe", "curl"].join(", ");
    throw new TypeError(`Cannot use CURLEW_FETCH: there is no member "${name}"; it has ${known}`);
  } else if (isRecord(value)) {
    for (const [option, its] of Object.entries(value)) checkOption(option, its);
  } else throw refused(name, "an object with options of libcurl", value);
}

function checkOption(name: string, value: unknown): void {
  if (!Object.hasOwn(easyOptions, name.toUpperCase())) {
    throw new TypeError(`Cannot use CURLEW_FETCH: libcurl has no option "${name}"`);
  }
  const isPlain = value === null || ["string", "number", "boolean"].includes(typeof value);
  const isList = Array.isArray(value) && value.every((line) => typeof line === "string");
  if (isPlain || isList) return;
  throw refused(`curl.${name}`, "a number, a string, an array of strings or null", value);
}

/** Reads `CURLEW_FETCH`. Throws `TypeError` for a value that it does not take. */
export function readDefaults(text: string = native.env("CURLEW_FETCH") ?? ""): Defaults {
  if (text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new TypeError(`Cannot use CURLEW_FETCH: it must be JSON: ${cause}`, { cause });
  }
  if (!isRecord(value)) throw refused("", "an object", value);
  for (const [name, its] of Object.entries(value)) checkMember(name, its);
  return value as Defaults;
}
