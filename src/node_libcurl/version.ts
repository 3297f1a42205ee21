/**
 * The version and features of the loaded libcurl, in node-libcurl's form.
 *
 * @module
 */

import { library, native } from "../../ffi/mod.ts";
import { versionInfo } from "../version.ts";
import { CurlVersion } from "./enums/handles.ts";
import type { CurlVersionInfoNativeBindingObject } from "./types/values.ts";

/** curl's names of features that differ from those of the enum. */
const FEATURES: Readonly<Record<string, string>> = {
  Ipv6: "IPv6",
  Kerberos5: "Kerberos",
  Ssl: "SSL",
  Libz: "libz",
  Ntlm: "NTLM",
  AsynchDns: "AsynchDNS",
  Spnego: "SPNEGO",
  LargeFile: "Largefile",
  Idn: "IDN",
  Sspi: "SSPI",
  Conv: "CharConv",
  CurlDebug: "TrackMemory",
  TlsAuthSrp: "TLS-SRP",
  NtlmWb: "NTLM_WB",
  Http2: "HTTP2",
  GssApi: "GSS-API",
  Psl: "PSL",
  HttpsProxy: "HTTPS-proxy",
  MultiSsl: "MultiSSL",
  Brotli: "brotli",
  AltSvc: "alt-svc",
  Http3: "HTTP3",
  Zstd: "zstd",
  Gsasl: "gsasl",
};

/** The names of feature bits, for libcurl before 7.87, which has no names. */
function namesOf(bits: number): string[] {
  return Object.entries(CurlVersion)
    .filter(([, bit]) => typeof bit === "number" && (bits & bit) !== 0)
    .map(([name]) => FEATURES[name] ?? name);
}

/**
 * The numbers of a version such as `"1.0.9"` in one integer, each with its number of bits; 0 for
 * none.
 */
function packed(release: string | null, ...bits: readonly number[]): number {
  const parts = /(?<!\d)(\d+)\.(\d+)\.(\d+)/.exec(release ?? "")?.slice(1) ?? [];
  return parts.reduce((all, part, i) => all + Number(part) * 2 ** (bits[i] ?? 0), 0);
}

/** The version as 0xXXYYZZ. */
export function versionNumber(): number {
  return library().versionNum;
}

/** The versions as text, such as `"libcurl/8.14.1 OpenSSL/3.5.1 zlib/1.3.1"`. */
export function versionText(): string {
  return native.string(library().symbols.curl_version()) ?? "";
}

/** The version and the features of the loaded libcurl. */
export function versionObject(): CurlVersionInfoNativeBindingObject {
  const { version, versionNum, ssl, protocols, features, featureBits, libraries } = versionInfo();
  const of = (name: string) => libraries[name] ?? null;
  return {
    protocols: [...protocols],
    features: features.length > 0 ? [...features] : namesOf(featureBits),
    rawFeatures: featureBits,
    version,
    versionNumber: versionNum,
    sslVersion: ssl ?? "",
    sslVersionNum: 0,
    libzVersion: of("zlib") ?? "",
    aresVersion: of("c-ares"),
    aresVersionNumber: packed(of("c-ares"), 16, 8, 0),
    libidnVersion: of("libidn"),
    iconvVersionNumber: 0,
    libsshVersion: of("libssh"),
    brotliVersionNumber: packed(of("brotli"), 24, 12, 0),
    brotliVersion: of("brotli"),
  };
}
