/**
 * Collects the facts that a bug report needs: the machine, the runtime, the loaded libcurl.
 *
 * @module
 */

import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { release } from "node:os";
import process from "node:process";
import { libc } from "../../ffi/libc.ts";
import { library, native } from "../../ffi/mod.ts";
import { constants } from "../constants.ts";
import { CURLEW_VERSION } from "../curlew_version.ts";
import { waitMethod } from "../driver/parking/wait_method.ts";
import { type VersionInfo, versionInfo } from "../version.ts";

/** The facts about the machine and the runtime. */
export interface SystemFacts {
  readonly curlew: string;
  readonly runtime: string;
  readonly runtimeVersion: string;
  readonly os: string;
  readonly osRelease: string;
  /** The name of the Linux distribution; `null` where there is none. */
  readonly distribution: string | null;
  readonly arch: string;
  /** The wait method of agents, as `CURLEW_WAIT` names it. */
  readonly wait: string;
  /** The environment variables that are set and affect curlew or libcurl. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The facts about the loaded libcurl. */
export interface LibraryFacts extends VersionInfo {
  /** The path of the loaded file, `null` where the system does not report it. */
  readonly file: string | null;
}

/** A place where libcurl looks for certificates. */
export interface CertificateFacts {
  readonly kind: "file" | "folder";
  readonly path: string;
  /** How many certificates or files the place has, `null` where it cannot be read. */
  readonly count: number | null;
}

const VARIABLES = [
  ["CURLEW_LIBRARY", "CURLEW_WAIT", "LD_LIBRARY_PATH", "LD_PRELOAD", "LANG", "LC_ALL"],
  ["http_proxy", "https_proxy", "HTTPS_PROXY", "ftp_proxy", "all_proxy", "ALL_PROXY"],
  ["no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "SSLKEYLOGFILE"],
].flat();

/** The result of `ask`, or `null` where the runtime or the system throws. */
function orNull<T>(ask: () => T): T | null {
  try {
    return ask();
  } catch {
    return null;
  }
}

/** Collects the facts about the machine and the runtime. */
export function systemFacts(): SystemFacts {
  const osReleaseFile = orNull(() => readFileSync("/etc/os-release", "utf8"));
  return {
    curlew: CURLEW_VERSION,
    runtime: native.runtime,
    runtimeVersion: process.versions[native.runtime] ?? "",
    os: native.os,
    osRelease: orNull(release) ?? "",
    distribution: /^PRETTY_NAME="?([^"\n]*)/m.exec(osReleaseFile ?? "")?.[1] ?? null,
    arch: native.arch,
    wait: waitMethod(),
    environment: environment(),
  };
}

function environment(): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of VARIABLES) {
    const value = native.env(name);
    // other people read a report, so it must not show the password of a proxy
    const isProxy = /_proxy$/i.test(name); // the password may have any characters
    if (value) found[name] = isProxy ? value.replace(/^(.*?:\/\/)?.*@/s, "$1***@") : value;
  }
  return found;
}

/**
 * Collects the facts about the loaded libcurl.
 *
 * @throws {CurlLoadError} where there is no libcurl.
 */
export function libraryFacts(): LibraryFacts {
  const info = versionInfo();
  const features = info.features.length > 0 ? info.features : featuresOf(info.featureBits);
  return { ...info, features, file: libraryFile() };
}

/** The names of the feature bits, for libcurl before 7.87, which has no names. */
function featuresOf(bits: number): string[] {
  const prefix = "CURL_VERSION_";
  return Object.entries(constants)
    .filter(([name, bit]) => name.startsWith(prefix) && (bits & bit as number) !== 0)
    .map(([name]) => name.slice(prefix.length));
}

const CURLVERSION_FIRST = 0;

/** The path of the file that contains libcurl's data. */
function libraryFile(): string | null {
  if (native.os === "windows") return null;
  const inside = library().symbols.curl_version_info(CURLVERSION_FIRST);
  const info = new Uint8Array(32); // Dl_info: const char *dli_fname @0
  if (inside === null || libc.dladdr(inside, info) === 0) return null;
  const name = native.string(
    native.pointer(Number(new DataView(info.buffer).getBigUint64(0, true))),
  );
  return name === null ? null : orNull(() => realpathSync(name)) ?? name;
}

/** Collects the places where libcurl looks for certificates by default. */
export function certificateFacts({ cainfo, capath }: VersionInfo): CertificateFacts[] {
  const places: CertificateFacts[] = [];
  if (cainfo) {
    const text = orNull(() => readFileSync(cainfo, "latin1"));
    const count = text === null ? null : text.split("-----BEGIN ").length - 1;
    places.push({ kind: "file", path: cainfo, count });
  }
  if (capath) {
    places.push({ kind: "folder", path: capath, count: orNull(() => readdirSync(capath).length) });
  }
  return places;
}
