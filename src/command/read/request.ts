/**
 * The options about the request, and about the output of the response.
 *
 * @module
 */

import { dictionary } from "../../members.ts";
import { check, Kinds, READ } from "../arguments.ts";
import { wordAt } from "../shell/words.ts";
import { readDate } from "./dates.ts";
import { fail, type Given } from "./reading.ts";
import { count } from "./values.ts";

/** `-H` and `--proxy-header`. */
export function header({ reading, group, name, value, place }: Given): void {
  const list = name === "header" ? "HTTPHEADER" : "PROXYHEADER", { text } = value;
  if (text.startsWith("@")) {
    for (const line of reading.lines(text.slice(1), place)) group.append(list, line);
  } else group.append(list, text);
}

/** `-b`: cookies, or the name of a cookie file. */
export function cookie({ group, value }: Given): void {
  (value.text.includes("=") ? group.cookies : group.cookieFiles).push(value.text);
}

/** `-e`. With `;auto` at its end, redirects send the previous URL. */
export function referer({ group, value }: Given): void {
  const isAuto = value.text.endsWith(";auto");
  if (isAuto) group.options.set("AUTOREFERER", 1);
  else group.options.delete("AUTOREFERER");
  const text = isAuto ? value.text.slice(0, -5) : value.text;
  if (text === "") group.options.delete("REFERER");
  else group.options.set("REFERER", text);
}

/** `-I`, which prints the head too. */
export function head({ group, isOn, place }: Given): void {
  if (isOn) group.choose("HEAD", place);
  else group.unchoose("HEAD");
  group.tool.set("show-headers", isOn);
}

/** `-i`. */
export function showHeaders({ group, isOn }: Given): void {
  group.tool.set("show-headers", isOn);
}

/** `-f` and `--fail-with-body`: the last one applies. */
export function failing({ group, name, isOn }: Given): void {
  if (!isOn && group.tool.get("fail") !== name) return;
  if (isOn) group.tool.set("fail", name);
  else group.tool.delete("fail");
  group.tool.delete("fail-with-body");
}

/** A URL, or the name of a file of URLs after an `@`. */
export function url(given: Given): void {
  const { reading, value, place } = given;
  if (value.text === "") fail(value, 0, "a URL");
  if (!value.text.startsWith("@")) return addUrl(given, value.text, false);
  for (const line of reading.lines(value.text.slice(1), place)) addUrl(given, line, true);
}

function addUrl({ group, value, place }: Given, text: string, isFromFile: boolean): void {
  const entry = group.entry("url");
  entry.url = isFromFile ? wordAt(text, place) : value;
  if (!isFromFile) return;
  entry.isLiteral = true;
  entry.output = { kind: "remote" };
}

/** `-o`, `-O` and `--out-null`: each applies to the first URL that has no output yet. */
export function output({ group, name, value, isOn }: Given): void {
  if (name === "remote-name" && !isOn && !group.is("remote-name-all")) return;
  if (name === "output" && value.text === "") fail(value, 0, "the path of a file");
  const kind = name === "out-null" ? "nowhere" : isOn ? "remote" : "standard";
  group.entry("output").output = name === "output" ? { kind: "file", path: value } : { kind };
}

/** `-T`. */
export function uploadFile({ group, value }: Given): void {
  group.entry("upload").upload = value;
}

/** `-w`, whose value names a file after an `@`. */
export function writeOut({ reading, group, value, place }: Given): void {
  const { text } = value;
  const isFile = text.startsWith("@");
  const bytes = isFile ? reading.bytes(text.slice(1), place) : null;
  const read = bytes && new TextDecoder().decode(bytes).replace(/[\r\n\0]/g, "");
  group.tool.set("write-out", read ?? text);
}

/** `-C`. */
export function continueAt({ group, value }: Given): void {
  if (group.options.has("RANGE")) clash(value, "--continue-at or --range");
  if (group.is("remove-on-error")) clash(value, "--continue-at or --remove-on-error");
  if (group.tool.get("clobber") === false) clash(value, "--continue-at or --no-clobber");
  group.tool.set("continue-at", value.text === "-" ? "-" : count(value));
}

function clash(value: Given["value"], both: string): never {
  return fail(value, 0, `one of ${both}`, "both");
}

/** `-r`: a single number gets the dash that is missing. */
export function range({ group, value }: Given): void {
  if (group.tool.has("continue-at")) clash(value, "--continue-at or --range");
  if (value.text === "") fail(value, 0, "a range");
  group.options.set("RANGE", /^\d+$/.test(value.text) ? `${value.text}-` : value.text);
}

const CONDITIONS: Readonly<Record<string, number>> = dictionary({ "+": 1, "-": 2, "=": 3 });

/** `-z`: a date, or a file whose time is used, with a sign before it for the condition. */
export function timeCond({ reading, group, value }: Given): void {
  const { text } = value, sign = text[0] ?? "", isSigned = sign in CONDITIONS;
  const rest = isSigned ? text.slice(1) : text;
  const seconds = readDate(rest) ?? fileTime(reading, rest, value);
  group.options.set("TIMECONDITION", isSigned ? CONDITIONS[sign] as number : 1);
  group.options.set("TIMEVALUE_LARGE", seconds);
}

function fileTime({ sources }: Given["reading"], path: string, value: Given["value"]): number {
  let ms: number | undefined;
  try {
    ms = sources.fileTime?.(path);
  } catch {
    // the error below covers this case
  }
  if (ms !== undefined) {
    check(READ, "the result of fileTime", Kinds.time, ms);
    return Math.floor(ms / 1000);
  }
  return fail(value, 0, "a date, such as 20040911 or Sun, 06 Nov 1994 08:49:37 GMT, or a file");
}

/** `-Q`: commands before the transfer; with `+` right before it, with `-` after it. */
export function quote({ group, value }: Given): void {
  const { text } = value;
  if (text.startsWith("-")) group.append("POSTQUOTE", text.slice(1));
  else if (text.startsWith("+")) group.append("PREQUOTE", text.slice(1));
  else group.append("QUOTE", text);
}

const UPLOAD_FLAGS: Readonly<Record<string, number>> = dictionary({
  answered: 1,
  deleted: 2,
  draft: 4,
  flagged: 8,
  seen: 16,
});

/** `--upload-flags`: a list, in which a dash switches a flag off. */
export function uploadFlags({ group, value }: Given): void {
  let bits = group.bits("UPLOAD_FLAGS"), at = 0;
  for (const word of value.text.split(",")) {
    const name = word.replace(/^-/, "");
    if (!Object.hasOwn(UPLOAD_FLAGS, name)) {
      fail(value, at, `some of ${Object.keys(UPLOAD_FLAGS).join(", ")}`);
    }
    const bit = UPLOAD_FLAGS[name] as number;
    bits = word.startsWith("-") ? bits & ~bit : bits | bit;
    at += word.length + 1;
  }
  group.options.set("UPLOAD_FLAGS", bits);
}
