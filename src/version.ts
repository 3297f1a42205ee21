/**
 * What the loaded libcurl is and can do.
 *
 * @module
 */

import { library, native, type NonNullPointer, type Pointer } from "../ffi/mod.ts";
import { Struct } from "../ffi/memory.ts";

/** See {@linkcode versionInfo}. */
export interface VersionInfo {
  /** Such as `"7.88.1"`. */
  readonly version: string;
  /** The same as 0xXXYYZZ. */
  readonly versionNum: number;
  /** The system it was built for. */
  readonly host: string;
  /** Its TLS library with version, `null` where it has none. */
  readonly ssl: string | null;
  /** The protocols it speaks, such as `"https"`. Functions may exist without their protocol. */
  readonly protocols: readonly string[];
  /** What it was built with, such as `"HTTP2"`; empty before 7.87. */
  readonly features: readonly string[];
  /** The `CURL_VERSION_*` bits of the same. */
  readonly featureBits: number;
  /** The versions of the libraries that it uses, those that it has. */
  readonly libraries: Readonly<Record<string, string>>;
  /** Its own default for CAINFO, `null` where it has none. */
  readonly cainfo: string | null;
  /** Its own default for CAPATH, `null` where it has none. */
  readonly capath: string | null;
  /** The path or name that it was loaded from. */
  readonly library: string;
}

const CURLVERSION_LAST = 100;

// struct curl_version_info_data, by its age that brought each field
const STRINGS: readonly [name: string, offset: number, age: number][] = [
  ["zlib", 56, 0],
  ["c-ares", 72, 1],
  ["libidn", 88, 2],
  ["libssh", 104, 3],
  ["brotli", 120, 4],
  ["nghttp2", 136, 5],
  ["quic", 144, 5],
  ["zstd", 176, 7],
  ["hyper", 184, 8],
  ["gsasl", 192, 9],
  ["rtmp", 208, 11],
];
const SSL = 40, CAINFO = 152, CAPATH = 160, CERTIFICATES_AGE = 6, FEATURES = 200, FEATURES_AGE = 10;

/**
 * What the loaded libcurl is and can do: {@link
 * https://curl.se/libcurl/c/curl_version_info.html}.
 *
 * @throws {CurlLoadError} where there is no libcurl.
 *
 * @example
 * ```ts
 * import { versionInfo } from "curlew";
 * const { version, ssl, protocols } = versionInfo();
 * console.log(version, ssl, protocols.includes("sftp"));
 * ```
 */
export function versionInfo(): VersionInfo {
  const { symbols, path, version, versionNum } = library();
  const data = symbols.curl_version_info(CURLVERSION_LAST) as NonNullPointer;
  const age = new Struct(data, 4).i32(0);
  const at = new Struct(data, 216);
  // the struct of an older library ends before the newer fields
  const text = (offset: number, from: number) => age >= from ? at.string(offset) : null;
  const libraries: Record<string, string> = {};
  for (const [name, offset, from] of STRINGS) {
    const found = text(offset, from);
    if (found) libraries[name] = found;
  }
  return {
    version,
    versionNum,
    host: at.string(24) ?? "",
    ssl: at.string(SSL),
    protocols: strings(at.pointer(64)),
    features: age >= FEATURES_AGE ? strings(at.pointer(FEATURES)) : [],
    featureBits: at.i32(32),
    libraries,
    cainfo: text(CAINFO, CERTIFICATES_AGE),
    capath: text(CAPATH, CERTIFICATES_AGE),
    library: path,
  };
}

/** The `ssl` of {@linkcode versionInfo} alone. */
export function tlsLibrary(): string | null {
  const data = library().symbols.curl_version_info(CURLVERSION_LAST) as NonNullPointer;
  return new Struct(data, SSL + 8).string(SSL);
}

/** A NULL-terminated array of strings. */
function strings(array: Pointer): string[] {
  const found: string[] = [];
  for (let i = 0; array !== null; i++) {
    const text = new Struct(native.pointer(native.address(array) + 8 * i) as NonNullPointer, 8)
      .string(0);
    if (text === null) break;
    found.push(text);
  }
  return found;
}
