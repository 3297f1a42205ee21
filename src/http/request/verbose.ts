/**
 * The option `verbose`: the lines of `curl -v`, without secrets. This module is loaded when the
 * option is given.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { flags } from "../../../ffi/curl/flags.ts";
import { withoutCredentials } from "../../errors.ts";
import type { TappedBytes, TransferTap } from "../../handles/core/easy_state.ts";
import { reportHarmless } from "../../untrusted.ts";
import { redactAnswer, REDACTED, redactHeader, redactUrl } from "../../redact.ts";

const { CURLINFO_TEXT, CURLINFO_HEADER_IN, CURLINFO_HEADER_OUT } = flags;
/** The sign before a line, by its type, as in curl. */
const SIGNS = ["*", "<", ">", "{", "}", "{", "}"];

type Write = (line: string) => void;

/** Writes the lines of the transfers of one call. */
export class Verbose implements TransferTap {
  #write: Write | null;
  /** The beginning of an incomplete line. */
  #begun = "";
  /** Whether the last line was about bytes: curl writes one line for all consecutive ones. */
  #isAfterData = false;

  /** `true` writes to standard error. */
  constructor(write: true | Write) {
    this.#write = write === true ? (line) => console.error(line) : write;
  }

  trace(type: number, bytes: TappedBytes): void {
    if (this.#write === null) return;
    if (type > CURLINFO_HEADER_OUT) return this.#count(type, bytes.length);
    const text = this.#begun + latin1Of(bytes), end = text.lastIndexOf("\n");
    this.#begun = type === CURLINFO_TEXT && end < 0 ? text : "";
    if (this.#begun !== "") return;
    this.#isAfterData = false;
    // a head ends with an empty line, which curl shows
    for (const line of text.replace(/\r?\n$/, "").split(/\r?\n/)) this.#line(type, line);
  }

  body(): void {}

  #count(type: number, length: number): void {
    if (!this.#isAfterData) this.#tell(`${SIGNS[type] ?? ""} [${length} bytes data]`);
    this.#isAfterData = true;
  }

  #line(type: number, line: string): void {
    const shown = type === CURLINFO_TEXT ? redactTrace(line) : redactHeadLine(type, line);
    this.#tell(`${SIGNS[type]} ${shown}`);
  }

  #tell(line: string): void {
    try {
      this.#write?.(line);
    } catch (error) {
      this.#write = null; // the transfer continues without it
      queueMicrotask(() => reportHarmless(error));
    }
  }
}

function latin1Of(bytes: TappedBytes): string {
  const copy = new Uint8Array(bytes.length);
  bytes.copyTo(copy);
  return Buffer.from(copy.buffer).toString("latin1");
}

/** A line of a head, redacted. */
function redactHeadLine(type: number, line: string): string {
  const [, name, space = "", value = ""] = /^([^\s:]+):([ \t]*)(.*)$/s.exec(line) ?? [];
  if (name === undefined) return redactOtherLine(line);
  const redact = type === CURLINFO_HEADER_IN ? redactAnswer : redactHeader;
  return `${name}:${space}${redact(name, value)}`;
}

const REQUEST_LINE = /^([A-Z]+) (\S+)( HTTP\/[\d.]+)$/i;

/** A line without a header name, redacted: the first, the last, or the continuation of a header. */
function redactOtherLine(line: string): string {
  const [, method, target = "", version] = REQUEST_LINE.exec(line) ?? [];
  if (method !== undefined) return `${method} ${redactUrl(target)}${version}`;
  return line === "" || line.startsWith("HTTP/") ? line : REDACTED;
}

/** A header as libcurl traces it for HTTP/2 and 3: `[name: value]`. */
const TRACED_HEADER = /\[(:?[^\s:\]]+): (.*)\]$/;
const COOKIE = /\b(cookie )([^\s=]+)=.*?(?= for domain |$)/i;
const USER = /\b(user(?:name)?:? )'[^']*'/gi;
const URL_IN_TEXT = /\b[a-z][a-z\d+.-]*:\/\/[^\s'"]+/gi;
/** Pseudo headers other than `:path`. */
const PSEUDO: ReadonlySet<string> = new Set([":method", ":scheme", ":authority", ":status"]);

/** A line of libcurl's trace, redacted. */
function redactTrace(line: string): string {
  const header = TRACED_HEADER.exec(line);
  if (header) {
    const [all, name = "", value = ""] = header;
    return `${line.slice(0, -all.length)}[${name}: ${redactTraced(name, value)}]`;
  }
  const bare = line.replace(COOKIE, `$1$2=${REDACTED}`).replace(USER, `$1'${REDACTED}'`)
    .replace(URL_IN_TEXT, redactUrl);
  return withoutCredentials(bare);
}

function redactTraced(name: string, value: string): string {
  if (name === ":path") return redactUrl(value);
  return PSEUDO.has(name) ? value : redactHeader(name, value);
}
