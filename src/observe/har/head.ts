/**
 * Parses heads of requests and responses for a HAR.
 *
 * @module
 */

import { REDACTED } from "../../redact.ts";
import { trimmed } from "../../trim.ts";
import type { HarCookie, HarPair } from "./types.ts";

/** The parts of a head. */
export interface Head {
  /** The request line or the status line. */
  readonly line: string;
  readonly fields: readonly HarPair[];
  /** The size in bytes. */
  readonly size: number;
}

/** Parses the text of a head. Lines that are not header fields are skipped. */
export function readHead(text: string): Head {
  const [line = "", ...lines] = text.split(/\r?\n/);
  const fields = lines.flatMap((field): HarPair[] => {
    const [, name, value = ""] = /^([^\s:]+):(.*)$/s.exec(field) ?? [];
    return name === undefined ? [] : [{ name, value: trimmed(value, " \t") }];
  });
  return { line, fields, size: text.length };
}

/** The value of the first field of that name, which is in lower case; "" for none. */
export function valueOf(fields: readonly HarPair[], name: string): string {
  return fields.find((field) => field.name.toLowerCase() === name)?.value ?? "";
}

/** The values of all fields of that name. */
const valuesOf = (fields: readonly HarPair[], name: string): string[] =>
  fields.filter((field) => field.name.toLowerCase() === name).map(({ value }) => value);

function pairOf(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  return at < 0 ? ["", text.trim()] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

/** The cookies of a request. */
export function sentCookies(fields: readonly HarPair[], redact: boolean): HarCookie[] {
  const all = valuesOf(fields, "cookie").flatMap((value) => value.split(";"));
  return all.filter((text) => text.trim() !== "").map((text) => {
    const [name, value] = pairOf(text);
    return { name, value: redact ? REDACTED : value };
  });
}

/** The cookies that a response sets. */
export function setCookies(fields: readonly HarPair[], redact: boolean): HarCookie[] {
  return valuesOf(fields, "set-cookie").map((text) => {
    const [first = "", ...attributes] = text.split(";"), [name, value] = pairOf(first);
    const found = new Map(attributes.map((attribute) => {
      const [name, value] = pairOf(attribute);
      return name === "" ? [value.toLowerCase(), ""] : [name.toLowerCase(), value];
    }));
    const time = Date.parse(found.get("expires") ?? "");
    const path = found.get("path"), domain = found.get("domain"), site = found.get("samesite");
    return {
      name,
      value: redact ? REDACTED : value,
      ...(path === undefined ? {} : { path }),
      ...(domain === undefined ? {} : { domain }),
      ...(Number.isNaN(time) ? {} : { expires: new Date(time).toISOString() }),
      httpOnly: found.has("httponly"),
      secure: found.has("secure"),
      ...(site === undefined ? {} : { sameSite: site }),
    };
  });
}
