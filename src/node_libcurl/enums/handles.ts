/**
 * Enums for whole handles, shares and the library.
 *
 * @module
 */

import { enumOf } from "./build.ts";

declare enum GlobalInitEnum {
  Nothing = 0,
  Ssl = 1,
  Win32 = 2,
  All = 3,
  Default = 3,
  AckEintr = 4,
}

/**
 * Bits of `curl_global_init`, which curlew calls itself: {@link
 * https://curl.se/libcurl/c/curl_global_init.html}.
 */
export const CurlGlobalInit: typeof GlobalInitEnum = enumOf(
  "CURL_GLOBAL_",
  "Nothing Ssl Win32 All Default AckEintr",
);
/** A value of {@linkcode CurlGlobalInit}. */
export type CurlGlobalInit = GlobalInitEnum;

declare enum MultiNetworkChangedEnum {
  ClearConns = 2,
  ClearDns = 4,
}

/**
 * Bits of the multi option NETWORK_CHANGED: {@link
 * https://curl.se/libcurl/c/CURLMOPT_NETWORK_CHANGED.html}.
 */
export const CurlMultiNetworkChanged: typeof MultiNetworkChangedEnum = enumOf(
  "CURLMNWC_",
  "ClearConns ClearDns",
);
/** A value of {@linkcode CurlMultiNetworkChanged}. */
export type CurlMultiNetworkChanged = MultiNetworkChangedEnum;

declare enum PipeEnum {
  Nothing = 0,
  Http1 = 1,
  Multiplex = 2,
}

/**
 * Values of the multi option PIPELINING: {@link
 * https://curl.se/libcurl/c/CURLMOPT_PIPELINING.html}.
 */
export const CurlPipe: typeof PipeEnum = enumOf("CURLPIPE_", "Nothing Http1 Multiplex");
/** A value of {@linkcode CurlPipe}. */
export type CurlPipe = PipeEnum;

declare enum PxEnum {
  Ok = 0,
  BadAddressType = 1,
  BadVersion = 2,
  Closed = 3,
  Gssapi = 4,
  GssapiPermsg = 5,
  GssapiProtection = 6,
  Identd = 7,
  IdentdDiffer = 8,
  LongHostname = 9,
  LongPasswd = 10,
  LongUser = 11,
  NoAuth = 12,
  RecvAddress = 13,
  RecvAuth = 14,
  RecvConnect = 15,
  RecvReqack = 16,
  ReplyAddressTypeNotSupported = 17,
  ReplyCommandNotSupported = 18,
  ReplyConnectionRefused = 19,
  ReplyGeneralServerFailure = 20,
  ReplyHostUnreachable = 21,
  ReplyNetworkUnreachable = 22,
  ReplyNotAllowed = 23,
  ReplyTtlExpired = 24,
  ReplyUnassigned = 25,
  RequestFailed = 26,
  ResolveHost = 27,
  SendAuth = 28,
  SendConnect = 29,
  SendRequest = 30,
  UnknownFail = 31,
  UnknownMode = 32,
  UserRejected = 33,
}

/** Values of the info PROXY_ERROR: {@link https://curl.se/libcurl/c/CURLINFO_PROXY_ERROR.html}. */
export const CurlPx: typeof PxEnum = enumOf(
  "CURLPX_",
  `Ok BadAddressType BadVersion Closed Gssapi GssapiPermsg GssapiProtection Identd
    IdentdDiffer LongHostname LongPasswd LongUser NoAuth RecvAddress RecvAuth RecvConnect
    RecvReqack ReplyAddressTypeNotSupported ReplyCommandNotSupported
    ReplyConnectionRefused ReplyGeneralServerFailure ReplyHostUnreachable
    ReplyNetworkUnreachable ReplyNotAllowed ReplyTtlExpired ReplyUnassigned RequestFailed
    ResolveHost SendAuth SendConnect SendRequest UnknownFail UnknownMode UserRejected`,
);
/** A value of {@linkcode CurlPx}. */
export type CurlPx = PxEnum;

declare enum ShareLockEnum {
  DataNone = 0,
  DataShare = 1,
  DataCookie = 2,
  DataDns = 3,
  DataSslSession = 4,
  DataConnect = 5,
  DataPsl = 6,
  DataHsts = 7,
}

/** The data that a `Share` shares: {@link https://curl.se/libcurl/c/CURLSHOPT_SHARE.html}. */
export const CurlShareLock: typeof ShareLockEnum = enumOf(
  "CURL_LOCK_",
  "DataNone DataShare DataCookie DataDns DataSslSession DataConnect DataPsl DataHsts",
);
/** A value of {@linkcode CurlShareLock}. */
export type CurlShareLock = ShareLockEnum;

declare enum ShareOptionEnum {
  SHARE = 1,
  UNSHARE = 2,
}

/** The options of a `Share`: {@link https://curl.se/libcurl/c/curl_share_setopt.html}. */
export const CurlShareOption: typeof ShareOptionEnum = enumOf("CURLSHOPT_", "SHARE UNSHARE");
/** A value of {@linkcode CurlShareOption}. */
export type CurlShareOption = ShareOptionEnum;

declare enum VersionEnum {
  Ipv6 = 1,
  Kerberos4 = 2,
  Ssl = 4,
  Libz = 8,
  Ntlm = 16,
  GssNegotiate = 32,
  Debug = 64,
  AsynchDns = 128,
  Spnego = 256,
  LargeFile = 512,
  Idn = 1024,
  Sspi = 2048,
  Conv = 4096,
  CurlDebug = 8192,
  TlsAuthSrp = 16384,
  NtlmWb = 32768,
  Http2 = 65536,
  GssApi = 131072,
  Kerberos5 = 262144,
  UnixSockets = 524288,
  Psl = 1048576,
  HttpsProxy = 2097152,
  MultiSsl = 4194304,
  Brotli = 8388608,
  AltSvc = 16777216,
  Http3 = 33554432,
  Zstd = 67108864,
  Unicode = 134217728,
  Gsasl = 536870912,
}

/** Feature bits of a build of libcurl: {@link https://curl.se/libcurl/c/curl_version_info.html}. */
export const CurlVersion: typeof VersionEnum = enumOf(
  "CURL_VERSION_",
  `Ipv6 Kerberos4 Ssl Libz Ntlm GssNegotiate Debug AsynchDns Spnego LargeFile Idn Sspi
    Conv CurlDebug TlsAuthSrp NtlmWb Http2 GssApi Kerberos5 UnixSockets Psl HttpsProxy
    MultiSsl Brotli AltSvc Http3 Zstd Unicode Gsasl`,
);
/** A value of {@linkcode CurlVersion}. */
export type CurlVersion = VersionEnum;
