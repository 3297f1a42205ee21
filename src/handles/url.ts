/**
 * The URL handle: libcurl's own URL parser.
 *
 * @module
 */

import { urlCodes } from "../../ffi/curl/codes.ts";
import { flags as numbers } from "../../ffi/curl/flags.ts";
import { easyOptions } from "../../ffi/curl/options.ts";
import { latin1 } from "../../ffi/c_text.ts";
import { cString, type CText, result } from "../../ffi/memory.ts";
import {
  CurlLoadError,
  library,
  native,
  type NonNullPointer,
  type Pointer,
  versionText,
} from "../../ffi/mod.ts";
import { CurlUrlError } from "../errors.ts";
import { isKnown, NEWER_URL_FLAGS } from "../libcurl_versions.ts";
import { CollectedHandles } from "./base/collected_handles.ts";
import { registerHandle } from "./core/handle_registry.ts";
import { unknownName } from "./base/unknown_name.ts";
import { Owned } from "./base/owned.ts";
import { bytesOf, isByteArray } from "./base/views.ts";

type PartOf<K> = K extends `CURLUPART_${infer Part}` ? Part : never;

/** The name of a part of a URL: curl's own, without `CURLUPART_`. */
export type UrlPart = PartOf<keyof typeof numbers>;

const UrlCode = {
  BAD_HANDLE: urlCodes.CURLUE_BAD_HANDLE.code,
  MALFORMED_INPUT: urlCodes.CURLUE_MALFORMED_INPUT.code,
  OUT_OF_MEMORY: urlCodes.CURLUE_OUT_OF_MEMORY.code,
  UNKNOWN_PART: urlCodes.CURLUE_UNKNOWN_PART.code,
  NO_SCHEME: urlCodes.CURLUE_NO_SCHEME.code,
  NO_ZONEID: urlCodes.CURLUE_NO_ZONEID.code,
} as const;

const { CURLUPART_URL, CURLUPART_ZONEID, CURLU_URLENCODE } = numbers;

/** How many URL handles are alive on this thread, those that an easy owns included. */
export const urlCount: { open: number } = { open: 0 };

const unclosed = new CollectedHandles<Owned>("a CurlUrl", (owned) => {
  owned.release();
  return true;
});

// duplicate() passes the C handle of the copy here: the public parameter of the constructor is a
// URL
let adopted: NonNullPointer | null = null;

/**
 * A URL handle: libcurl's parser, and the parts of a URL: {@link
 * https://curl.se/libcurl/c/libcurl-url.html}. It can be the value of the option CURLU.
 *
 * Parts have curl's names without `CURLUPART_`; flags are `CURLU_*` bits.
 *
 * @example
 * ```ts
 * import { constants, CurlUrl } from "curlew";
 *
 * using url = new CurlUrl("https://example.com/a/b?x=1");
 * url.set("URL", "../c"); // relative to the URL so far
 * url.set("QUERY", "name=Jane Doe", constants.CURLU_URLENCODE | constants.CURLU_APPENDQUERY);
 * console.log(url.get("PORT", constants.CURLU_DEFAULT_PORT)); // 443
 * console.log(`${url}`); // https://example.com/c?name=Jane+Doe
 * ```
 */
export class CurlUrl {
  #owned: Owned | null;

  static {
    registerHandle([easyOptions.CURLU.id], (value) => {
      if (!(#owned in value)) return undefined;
      return { pointer: value.#owned?.pointer ?? null, owned: value.#owned };
    });
  }

  /**
   * Makes a handle: `curl_url`. A URL is set as by {@linkcode CurlUrl.set}.
   *
   * @throws {CurlUrlError} for an invalid URL.
   */
  constructor(url?: string | Uint8Array, flags = 0) {
    const pointer = adopted ?? library().symbols.curl_url();
    adopted = null;
    if (pointer === null) throw new CurlUrlError(UrlCode.OUT_OF_MEMORY);
    urlCount.open++;
    const owned = this.#owned = new Owned(pointer, free);
    unclosed.add(this, owned);
    if (url === undefined) return;
    try {
      this.set("URL", url, flags);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Whether the handle is closed. */
  get closed(): boolean {
    return this.#owned === null;
  }

  get #pointer(): Pointer {
    if (this.#owned === null) throw new CurlUrlError(UrlCode.BAD_HANDLE, "The URL is closed");
    return this.#owned.pointer;
  }

  /**
   * Reads a part of the URL, `null` where the URL has none: {@link
   * https://curl.se/libcurl/c/curl_url_get.html}. Bytes that are not UTF-8, such as after
   * CURLU_URLDECODE, are read as latin-1.
   *
   * @throws {CurlUrlError} CURLUE_UNKNOWN_PART; CURLUE_NO_SCHEME and CURLUE_NO_HOST for "URL"
   * while these parts are missing; CURLUE_URLDECODE where the decoded text has a control code.
   * @throws {CurlLoadError} for a flag that the loaded libcurl does not know.
   */
  get(part: UrlPart | number, flags = 0): string | null {
    const pointer = this.#pointer, number = partNumber(part);
    result.i64[0] = 0n;
    const { curl_url_get, curl_free } = library().symbols;
    const code = curl_url_get(pointer, number, result.i32, flagBits(flags));
    if (code !== 0) {
      if (number !== CURLUPART_URL && isMissing(number, code)) return null;
      throw new CurlUrlError(code);
    }
    const text = result.pointer();
    if (text === null) return ""; // an empty part with CURLU_URLENCODE
    try {
      return native.string(text);
    } finally {
      curl_free(text);
    }
  }

  /**
   * Sets a part of the URL, or removes it with `null`: {@link
   * https://curl.se/libcurl/c/curl_url_set.html}. "URL" may be relative to the present URL; `null`
   * as its value removes all parts. Text is encoded as UTF-8, bytes are taken as they are.
   *
   * @throws {CurlUrlError} for an invalid value; CURLUE_MALFORMED_INPUT for a NUL, and for a
   * control code without CURLU_URLENCODE.
   * @throws {CurlLoadError} for a flag that the loaded libcurl does not know.
   */
  set(part: UrlPart | number, value: string | Uint8Array | null, flags = 0): void {
    void this.#pointer; // throws where the handle is closed
    const number = partNumber(part), bits = flagBits(flags), given = readValue(value, bits);
    const pointer = this.#pointer;
    const { curl_url_set } = library().symbols;
    if (given === null) {
      // libcurl before 7.84 removes nothing where the whole URL is removed
      const last = number === CURLUPART_URL ? CURLUPART_ZONEID : number;
      for (let i = number; i <= last; i++) check(curl_url_set(pointer, i, null, bits));
      return;
    }
    // libcurl 7.88 would read from NULL, and an empty value has nothing to encode
    const used = given.length === 0 ? bits & ~CURLU_URLENCODE : bits;
    check(curl_url_set(pointer, number, cString(given), used >>> 0));
  }

  /** The whole URL: `get("URL")`. */
  toString(): string {
    return this.get("URL") ?? "";
  }

  /** Makes a copy: {@link https://curl.se/libcurl/c/curl_url_dup.html}. */
  duplicate(): CurlUrl {
    const copy = library().symbols.curl_url_dup(this.#pointer);
    if (copy === null) throw new CurlUrlError(UrlCode.OUT_OF_MEMORY);
    adopted = copy;
    return new CurlUrl();
  }

  /**
   * Frees the handle. One that is the value of CURLU is freed when the easy handle no longer uses
   * it. Does nothing the second time.
   */
  close(): void {
    if (this.#owned === null) return;
    unclosed.delete(this);
    this.#owned.release();
    this.#owned = null;
  }

  /** Closes the handle at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}

function free(pointer: NonNullPointer): void {
  library().symbols.curl_url_cleanup(pointer);
  urlCount.open--;
}

function check(code: number): void {
  if (code !== 0) throw new CurlUrlError(code);
}

function partNumber(part: unknown): number {
  if (typeof part === "number" && Number.isInteger(part)) return part | 0;
  const name = typeof part === "string" ? `CURLUPART_${part}` : "";
  if (Object.hasOwn(numbers, name)) {
    return numbers[name as keyof typeof numbers];
  }
  const known = Object.keys(numbers).filter((name) => name.startsWith("CURLUPART_"))
    .map((name) => name.slice("CURLUPART_".length));
  throw new CurlUrlError(UrlCode.UNKNOWN_PART, unknownName("part of a URL", part, known));
}

/** Whether a code means that the part is missing: CURLUE_NO_SCHEME to CURLUE_NO_ZONEID. */
function isMissing(part: number, code: number): boolean {
  if (code >= UrlCode.NO_SCHEME && code <= UrlCode.NO_ZONEID) return true;
  // libcurl before 7.81 has no code of its own for a missing zone id
  return part === CURLUPART_ZONEID && code === UrlCode.UNKNOWN_PART;
}

function flagBits(bits: unknown): number {
  if (typeof bits !== "number" || !Number.isInteger(bits) || bits < 0 || bits > 0xffffffff) {
    throw new CurlUrlError(UrlCode.MALFORMED_INPUT, "Cannot use the flags: expected CURLU_* bits");
  }
  if (bits === 0) return 0;
  for (const [name, row] of Object.entries(NEWER_URL_FLAGS)) {
    if (isKnown(row) || !(bits & numbers[name as keyof typeof NEWER_URL_FLAGS])) continue;
    throw new CurlLoadError(
      `Cannot use ${name}: it needs libcurl ${versionText(row.since)}, ` +
        `"${library().path}" is older`,
    );
  }
  return bits;
}

/**
 * Reads a value. Throws for one that is neither text nor bytes, or has control codes: libcurl
 * checks a whole URL for these, but not a single part.
 */
function readValue(value: unknown, bits: number): CText | null {
  if (value === null) return null;
  // deno-lint-ignore no-control-regex -- control codes are what is refused
  const refused = bits & CURLU_URLENCODE ? /\0/ : /[\0-\x1f\x7f]/;
  if (typeof value === "string" && !refused.test(value)) return value;
  // a Proxy of bytes is refused
  const bytes = isByteArray(value) ? bytesOf(value)?.slice() : undefined;
  if (bytes && !refused.test(latin1(bytes))) return bytes;
  const expected = "expected a string without control codes, or null";
  throw new CurlUrlError(UrlCode.MALFORMED_INPUT, `Cannot set the part: ${expected}`);
}
