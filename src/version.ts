/**
 * The version and the features of the loaded libcurl.
 *
 * @module
 */

import { library, native, type NonNullPointer, type Pointer } from "../ffi/mod.ts";
import { Struct } from "../ffi/memory.ts";

/** The result of {@linkcode versionInfo}. */
export interface VersionInfo {
  /** The version, such as `"7.88.1"`. */
  readonly version: string;
  /** The version as 0xXXYYZZ. */
  readonly versionNum: number;
  /** The system that libcurl was built for. */
  readonly host: string;
  /** The TLS library with its version, `null` where there is none. */
  readonly ssl: string | null;
  /** The supported protocols, such as `"https"`. Functions may exist without their protocol. */
  readonly protocols: readonly string[];
  /** The features of the build, such as `"HTTP2"`; empty before 7.87. */
  readonly features: readonly string[];
  /** The features of the build as `CURL_VERSION_*` bits. */
  readonly featureBits: number;
  /**
   * The versions of the libraries that libcurl uses, by name: all that `curl_version_info` or
   * `curl_version` report, such as `zlib`, `libpsl`, `OpenLDAP`. Where several libraries may do the
   * same work, the value names the one in use: `libssh` may be `"libssh2/1.10.0"`.
   */
  readonly libraries: Readonly<Record<string, string>>;
  /** libcurl's default for CAINFO, `null` where it has none. */
  readonly cainfo: string | null;
  /** libcurl's default for CAPATH, `null` where it has none. */
  readonly capath: string | null;
  /** The path or name from which libcurl was loaded. */
  readonly library: string;
}

const CURLVERSION_LAST = 100;

// the fields of struct curl_version_info_data, each with the first age of the struct that has it
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
 * The version and the features of the loaded libcurl: {@link
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
  // the struct of an older library has no newer fields
  const text = (offset: number, from: number) => age >= from ? at.string(offset) : null;
  const libraries: Record<string, string> = {}, ssl = at.string(SSL);
  for (const [name, offset, from] of STRINGS) {
    const found = text(offset, from);
    // since 8.12 some values begin with the name itself
    if (found) {
      libraries[name] = found.startsWith(`${name}/`) ? found.slice(name.length + 1) : found;
    }
  }
  for (const [name, found] of otherLibraries(ssl)) libraries[name] ??= found;
  return {
    version,
    versionNum,
    host: at.string(24) ?? "",
    ssl,
    protocols: strings(at.pointer(64)),
    features: age >= FEATURES_AGE ? strings(at.pointer(FEATURES)) : [],
    featureBits: at.i32(32),
    libraries,
    cainfo: text(CAINFO, CERTIFICATES_AGE),
    capath: text(CAPATH, CERTIFICATES_AGE),
    library: path,
  };
}

/** The names in `curl_version` of libraries that the struct names differently. */
const NAMES: Readonly<Record<string, string>> = {
  "libidn2": "libidn",
  "libssh2": "libssh",
  "libgsasl": "gsasl",
  "librtmp": "rtmp",
  "ngtcp2": "quic",
  "nghttp3": "quic",
  "quiche": "quic",
  "msh3": "quic",
};

/**
 * The libraries in the text of `curl_version`, such as "libcurl/7.88.1 OpenSSL/3.0.19 libpsl/0.21.2
 * (+libidn2/2.3.3) OpenLDAP/2.5.13". Some have no member in the struct of this version, or of any.
 */
function otherLibraries(ssl: string | null): [name: string, version: string][] {
  const line = native.string(library().symbols.curl_version()) ?? "";
  const found = line.matchAll(/(?<=\s)([^\s/()]+)\/(\S+(?: \(\+[^)]*\))?)/g);
  return [...found].filter(([whole]) => !ssl?.includes(whole)).map(
    ([whole, name = "", version = ""]) => {
      const known = Object.hasOwn(NAMES, name) ? NAMES[name] as string : name;
      return [known, known === "rtmp" ? whole : version]; // as the struct has it since 8.8
    },
  );
}

/** The member `ssl` of {@linkcode versionInfo}. */
export function tlsLibrary(): string | null {
  const data = library().symbols.curl_version_info(CURLVERSION_LAST) as NonNullPointer;
  return new Struct(data, SSL + 8).string(SSL);
}

/** Reads a NULL-terminated array of C strings. */
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
