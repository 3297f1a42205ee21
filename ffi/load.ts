/**
 * The search for libcurl, once for each thread, when it is first needed.
 *
 * @module
 */

import { flags } from "./curl/flags.ts";
import { type CurlFunction, type CurlVariadic, functions, variadics } from "./curl/functions.ts";
import { infos } from "./curl/infos.ts";
import { easyOptions } from "./curl/options.ts";
import { CurlLoadError } from "./error.ts";
import { bindLater } from "./lazy.ts";
import { libc, padVariadic, useUtf8, variadicArgs } from "./libc.ts";
import { cString, result, Struct } from "./memory.ts";
import type { CFunction, Pointer, Signature, Signatures } from "./native.ts";
import { native } from "./runtime.ts";

const { CURL_GLOBAL_ALL, CURL_VERSION_THREADSAFE, CURLVERSION_FIRST } = flags;

/** The oldest libcurl that curlew works with: 7.74.0. */
export const MINIMUM_VERSION = 0x074a00;

type Fixed = { readonly [K in keyof typeof functions]: CFunction<(typeof functions)[K]> };

type Shaped<V extends CurlVariadic> = {
  readonly [S in keyof V["shapes"]]: CFunction<
    { args: [...V["fixed"], ...V["shapes"][S]]; result: V["result"] }
  >;
};

type Variadic = { readonly [K in keyof typeof variadics]: Shaped<(typeof variadics)[K]> };

/** Every libcurl function under its C name; a variadic one has a member for each shape. */
export type CurlSymbols = Fixed & Variadic;

/** The loaded library. */
export interface Library {
  /** The path or name under which the library was opened. */
  readonly path: string;
  /** The version as 0xXXYYZZ. */
  readonly versionNum: number;
  /** The version as text. */
  readonly version: string;
  /**
   * The functions. One that the library lacks throws {@linkcode CurlLoadError} when it is called.
   */
  readonly symbols: CurlSymbols;
  /** Whether the library exports that function. */
  has(name: keyof CurlSymbols): boolean;
}

const CANDIDATES: Record<string, readonly string[]> = {
  linux: ["libcurl.so.4", "libcurl-gnutls.so.4", "libcurl-nss.so.4", "libcurl.so"],
  // full paths: for a bare name Apple's loader would look in the current directory too
  darwin: [
    "/opt/homebrew/opt/curl/lib/libcurl.4.dylib",
    "/usr/local/opt/curl/lib/libcurl.4.dylib",
    "/opt/local/lib/libcurl.4.dylib",
    "/usr/lib/libcurl.4.dylib",
  ],
  windows: ["C:\\Windows\\System32\\libcurl.dll", "libcurl-x64.dll", "libcurl-4.dll"],
};

const INSTALL = `Install libcurl ${versionText(MINIMUM_VERSION)} or newer:
  Debian, Ubuntu:  apt-get install libcurl4
  Alpine:          apk add libcurl
  Fedora:          dnf install libcurl
  macOS:           part of the system; a newer one: brew install curl
or name the library with the environment variable CURLEW_LIBRARY, or with configure({ library }).`;

let chosen: string | undefined;
let loaded: Library | undefined;

/** The options of {@linkcode configure}. */
export interface ConfigureOptions {
  /** The path of libcurl, or a name that the system's loader knows. */
  readonly library?: string;
}

/**
 * Chooses the libcurl to use. To be called before anything else. It takes precedence over the
 * environment variable `CURLEW_LIBRARY`, which takes precedence over the search.
 *
 * @throws {CurlLoadError} where another library is loaded already.
 *
 * @example
 * ```ts
 * import { configure, versionInfo } from "curlew";
 * configure({ library: "libcurl-gnutls.so.4" });
 * console.log(versionInfo().ssl);
 * ```
 */
export function configure(options: ConfigureOptions): void {
  const { library: path } = options;
  if (path === undefined) return;
  if (typeof path !== "string" || path === "" || path.includes("\0")) {
    throw new CurlLoadError("Cannot configure the library: expected its path or name");
  }
  if (loaded && loaded.path !== path) {
    throw new CurlLoadError(`Cannot use "${path}": "${loaded.path}" is loaded already`);
  }
  chosen = path;
}

/** The loaded library; the first call on a thread searches and opens it. */
export function library(): Library {
  return loaded ??= load();
}

function load(): Library {
  const wanted = chosen ?? (native.env("CURLEW_LIBRARY") || undefined);
  const names = wanted === undefined ? CANDIDATES[native.os] ?? CANDIDATES["linux"]! : [wanted];
  const tried: string[] = [];
  for (const name of names) {
    try {
      return openLibrary(name);
    } catch (error) {
      if (isRefused(error)) throw error; // no other name and no installation would help
      tried.push(`  ${name}: ${(error as Error).message}`);
    }
  }
  throw new CurlLoadError(`Cannot load libcurl. Tried:\n${tried.join("\n")}\n${INSTALL}`);
}

/** Whether the runtime denies this program the permission to load libraries. */
function isRefused(error: unknown): boolean {
  return (error as { cause?: { name?: unknown } }).cause?.name === "NotCapable";
}

function openLibrary(path: string): Library {
  const { curl_version_info } = native.open(path, {
    curl_version_info: functions.curl_version_info,
  });
  const info = curl_version_info?.(CURLVERSION_FIRST) ?? null;
  if (info === null) throw new CurlLoadError("no libcurl, it has no curl_version_info()");
  // CURLversion age @0, const char *version @8, unsigned version_num @16, int features @32
  const head = new Struct(info, 40);
  const versionNum = head.i32(16), version = head.string(8) ?? "";
  if (versionNum < MINIMUM_VERSION) {
    throw new CurlLoadError(`libcurl ${version} is older than ${versionText(MINIMUM_VERSION)}`);
  }
  const bound = bindAll(path, versionNum);
  useUtf8();
  initialize(path, bound.symbols, head.i32(32));
  selfCheck(bound.symbols);
  return { path, version, versionNum, ...bound };
}

interface Row {
  readonly name: string;
  readonly since: number;
  /** The member of a variadic function, `null` for a function with a fixed prototype. */
  readonly shape: string | null;
  readonly signature: Signature;
  readonly fixed: number;
}

function rows(): Row[] {
  const all: Row[] = [];
  for (const [name, row] of Object.entries(functions) as [string, CurlFunction][]) {
    all.push({ name, since: row.since, shape: null, signature: row, fixed: 0 });
  }
  for (const [name, row] of Object.entries(variadics) as [string, CurlVariadic][]) {
    for (const [shape, types] of Object.entries(row.shapes)) {
      const args = variadicArgs(row.fixed, types);
      const { since: _since, fixed: _fixed, shapes: _shapes, ...kept } = row;
      const signature = { symbol: name, args, ...kept };
      all.push({ name, since: row.since, shape, signature, fixed: row.fixed.length });
    }
  }
  return all;
}

function bindAll(path: string, versionNum: number): Pick<Library, "symbols" | "has"> {
  const all = rows(), symbols: Record<string, unknown> = {};
  const found = new Map<Row, BoundCall | null>();
  const find = (row: Row) => {
    if (!found.has(row)) found.set(row, row.since <= versionNum ? bind(path, row) : null);
    return found.get(row) ?? null;
  };
  for (const row of all) {
    const table = row.shape === null ? symbols : symbols[row.name] ??= {};
    const key = row.shape ?? row.name;
    bindLater(table as Record<string, unknown>, key, () => find(row) ?? missing(row, path));
  }
  const has = (name: string) => all.some((row) => row.name === name && find(row));
  return { symbols: symbols as unknown as CurlSymbols, has };
}

type BoundCall = (...args: never[]) => unknown;

function bind(path: string, row: Row): BoundCall | null {
  const { call } = native.open(path, { call: { symbol: row.name, ...row.signature } });
  return call && padVariadic(call as BoundCall, row.fixed, row.shape === null ? false : undefined);
}

function missing(row: Row, path: string): () => never {
  return () => {
    throw new CurlLoadError(
      `Cannot call ${row.name}(): it needs libcurl ${versionText(row.since)}, ` +
        `"${path}" does not have it`,
    );
  };
}

// <openssl/crypto.h>: int OPENSSL_init_crypto(uint64_t opts, const OPENSSL_INIT_SETTINGS *)
const OPENSSL_INIT_NO_ATEXIT = 0x00080000;
const OPENSSL = {
  OPENSSL_init_crypto: { args: ["usize", "pointer"], result: "i32", seldom: true },
} as const satisfies Signatures;

/**
 * Keeps OpenSSL, if libcurl uses it, from cleaning up at the end of the process. It would free
 * memory that other threads own and free at the same moment: a Worker that ends, the thread of a
 * Deno test, a name lookup ("malloc_consolidate(): invalid chunk size"). Must be called before
 * OpenSSL's first use.
 */
function leaveOpenSslAlone(path: string): void {
  native.open(path, OPENSSL).OPENSSL_init_crypto?.(OPENSSL_INIT_NO_ATEXIT, null);
}

/** Initializes libcurl, which counts the calls of all threads. It is never cleaned up. */
function initialize(path: string, curl: CurlSymbols, features: number): void {
  // only one thread may be in this call at a time, unless libcurl has a lock of its own
  const lock = features & CURL_VERSION_THREADSAFE ? null : processLock();
  if (lock !== null) libc.flockfile(lock);
  let code: number;
  try {
    leaveOpenSslAlone(path);
    code = curl.curl_global_init(CURL_GLOBAL_ALL);
  } finally {
    if (lock !== null) libc.funlockfile(lock);
  }
  if (code !== 0) throw new CurlLoadError(`curl_global_init() failed with ${code}`);
}

/** A lock that all threads of the process can find: that of the C library's `stderr`. */
function processLock(): Pointer {
  const variable = libc.dlsym(null, cString(native.os === "darwin" ? "__stderrp" : "stderr"));
  return variable === null ? null : new Struct(variable, 8).pointer(0);
}

/**
 * Checks that values reach a variadic function with each list of argument types: stores one and
 * reads it back. A wrong calling convention would corrupt memory later.
 */
function selfCheck(curl: CurlSymbols): void {
  const probe = 0x1234567;
  const easy = curl.curl_easy_init();
  if (easy === null) throw new CurlLoadError("curl_easy_init() gave no handle");
  for (
    const [shape, value] of [["off_t", probe], ["pointer", native.pointer(probe + 1)]] as const
  ) {
    const set = curl.curl_easy_setopt[shape] as (h: Pointer, option: number, v: unknown) => number;
    result.i64[0] = -1n;
    const code = set(easy, easyOptions.PRIVATE.id, value) ||
      curl.curl_easy_getinfo.out(easy, infos.PRIVATE.id, result.i32);
    const expected = typeof value === "number" ? value : native.address(value);
    if (code !== 0 || result.address() !== expected) {
      throw new CurlLoadError(
        `variadic calls do not work on ${native.os} ${native.arch}: shape "${shape}" is lost`,
      );
    }
  }
  curl.curl_easy_cleanup(easy);
}

/** A version number as text: 0x074a00 is "7.74.0". */
export function versionText(version: number): string {
  return `${version >> 16}.${version >> 8 & 0xff}.${version & 0xff}`;
}
