/**
 * Enums for options of transfers.
 *
 * @module
 */

import { enumOf } from "./build.ts";

declare enum FeatureEnum {
  Empty = 0,
  NoDataParsing = 1,
  NoHeaderParsing = 2,
  Raw = 3,
  NoDataStorage = 4,
  NoHeaderStorage = 8,
  NoStorage = 12,
  StreamResponse = 16,
}

/** Bits of `Curl.enable`, which change how a `Curl` treats the response. */
export const CurlFeature: typeof FeatureEnum = enumOf("", "", {
  Empty: 0,
  NoDataParsing: 1,
  NoHeaderParsing: 2,
  Raw: 3,
  NoDataStorage: 4,
  NoHeaderStorage: 8,
  NoStorage: 12,
  StreamResponse: 16,
});
/** A value of {@linkcode CurlFeature}. */
export type CurlFeature = FeatureEnum;

declare enum FollowEnum {
  All = 1,
  ObeyCode = 2,
  FirstOnly = 3,
}

/** Values of FOLLOWLOCATION: {@link https://curl.se/libcurl/c/CURLOPT_FOLLOWLOCATION.html}. */
export const CurlFollow: typeof FollowEnum = enumOf("CURLFOLLOW_", "All ObeyCode FirstOnly");
/** A value of {@linkcode CurlFollow}. */
export type CurlFollow = FollowEnum;

declare enum FtpMethodEnum {
  DEFAULT = 0,
  MULTICWD = 1,
  NOCWD = 2,
  SINGLECWD = 3,
}

/** Values of FTP_FILEMETHOD: {@link https://curl.se/libcurl/c/CURLOPT_FTP_FILEMETHOD.html}. */
export const CurlFtpMethod: typeof FtpMethodEnum = enumOf(
  "CURLFTPMETHOD_",
  "DEFAULT MULTICWD NOCWD SINGLECWD",
);
/** A value of {@linkcode CurlFtpMethod}. */
export type CurlFtpMethod = FtpMethodEnum;

declare enum HeaderEnum {
  Unified = 0,
  Separate = 1,
}

/** Values of HEADEROPT: {@link https://curl.se/libcurl/c/CURLOPT_HEADEROPT.html}. */
export const CurlHeader: typeof HeaderEnum = enumOf("CURLHEADER_", "Unified Separate");
/** A value of {@linkcode CurlHeader}. */
export type CurlHeader = HeaderEnum;

declare enum HstsEnum {
  Disabled = 0,
  Enable = 1,
  ReadonlyFile = 2,
}

/** Bits of HSTS_CTRL: {@link https://curl.se/libcurl/c/CURLOPT_HSTS_CTRL.html}. */
export const CurlHsts: typeof HstsEnum = enumOf("CURLHSTS_", "Enable ReadonlyFile", {
  Disabled: 0,
});
/** A value of {@linkcode CurlHsts}. */
export type CurlHsts = HstsEnum;

declare enum HttpVersionEnum {
  None = 0,
  V1_0 = 1,
  V1_1 = 2,
  V2_0 = 3,
  V2Tls = 4,
  V2PriorKnowledge = 5,
  v3 = 30,
  V3Only = 31,
}

/** Values of HTTP_VERSION: {@link https://curl.se/libcurl/c/CURLOPT_HTTP_VERSION.html}. */
export const CurlHttpVersion: typeof HttpVersionEnum = enumOf("CURL_HTTP_VERSION_", "None", {
  V1_0: "CURL_HTTP_VERSION_1_0",
  V1_1: "CURL_HTTP_VERSION_1_1",
  V2_0: "CURL_HTTP_VERSION_2_0",
  V2Tls: "CURL_HTTP_VERSION_2TLS",
  V2PriorKnowledge: "CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE",
  v3: "CURL_HTTP_VERSION_3",
  V3Only: "CURL_HTTP_VERSION_3ONLY",
});
/** A value of {@linkcode CurlHttpVersion}. */
export type CurlHttpVersion = HttpVersionEnum;

declare enum IpResolveEnum {
  Whatever = 0,
  V4 = 1,
  V6 = 2,
}

/** Values of IPRESOLVE: {@link https://curl.se/libcurl/c/CURLOPT_IPRESOLVE.html}. */
export const CurlIpResolve: typeof IpResolveEnum = enumOf("CURL_IPRESOLVE_", "Whatever V4 V6");
/** A value of {@linkcode CurlIpResolve}. */
export type CurlIpResolve = IpResolveEnum;

declare enum MimeOptEnum {
  FormEscape = 1,
}

/** Bits of MIME_OPTIONS: {@link https://curl.se/libcurl/c/CURLOPT_MIME_OPTIONS.html}. */
export const CurlMimeOpt: typeof MimeOptEnum = enumOf("CURLMIMEOPT_", "FormEscape");
/** A value of {@linkcode CurlMimeOpt}. */
export type CurlMimeOpt = MimeOptEnum;

declare enum NetrcEnum {
  Ignored = 0,
  Optional = 1,
  Required = 2,
}

/** Values of NETRC: {@link https://curl.se/libcurl/c/CURLOPT_NETRC.html}. */
export const CurlNetrc: typeof NetrcEnum = enumOf("CURL_NETRC_", "Ignored Optional Required");
/** A value of {@linkcode CurlNetrc}. */
export type CurlNetrc = NetrcEnum;

declare enum ProtocolEnum {
  HTTP = 1,
  HTTPS = 2,
  FTP = 4,
  FTPS = 8,
  SCP = 16,
  SFTP = 32,
  TELNET = 64,
  LDAP = 128,
  LDAPS = 256,
  DICT = 512,
  FILE = 1024,
  TFTP = 2048,
  IMAP = 4096,
  IMAPS = 8192,
  POP3 = 16384,
  POP3S = 32768,
  SMTP = 65536,
  SMTPS = 131072,
  RTSP = 262144,
  RTMP = 524288,
  RTMPT = 1048576,
  RTMPE = 2097152,
  RTMPTE = 4194304,
  RTMPS = 8388608,
  RTMPTS = 16777216,
  GOPHER = 33554432,
  SMB = 67108864,
  SMBS = 134217728,
  MQTT = 268435456,
  GOPHERS = 536870912,
  ALL = 4294967295,
}

/**
 * Bits of PROTOCOLS and REDIR_PROTOCOLS: {@link https://curl.se/libcurl/c/CURLOPT_PROTOCOLS.html}.
 */
export const CurlProtocol: typeof ProtocolEnum = enumOf(
  "CURLPROTO_",
  `HTTP HTTPS FTP FTPS SCP SFTP TELNET LDAP LDAPS DICT FILE TFTP IMAP IMAPS POP3 POP3S
    SMTP SMTPS RTSP RTMP RTMPT RTMPE RTMPTE RTMPS RTMPTS GOPHER SMB SMBS MQTT GOPHERS ALL`,
);
/** A value of {@linkcode CurlProtocol}. */
export type CurlProtocol = ProtocolEnum;

declare enum ProxyEnum {
  Http = 0,
  Http_1_0 = 1,
  Https = 2,
  Https2 = 3,
  Socks4 = 4,
  Socks5 = 5,
  Socks4A = 6,
  Socks5Hostname = 7,
}

/** Values of PROXYTYPE: {@link https://curl.se/libcurl/c/CURLOPT_PROXYTYPE.html}. */
export const CurlProxy: typeof ProxyEnum = enumOf(
  "CURLPROXY_",
  "Http Http_1_0 Https Https2 Socks4 Socks5 Socks4A Socks5Hostname",
);
/** A value of {@linkcode CurlProxy}. */
export type CurlProxy = ProxyEnum;

declare enum RtspRequestEnum {
  None = 0,
  Options = 1,
  Describe = 2,
  Announce = 3,
  Setup = 4,
  Play = 5,
  Pause = 6,
  Teardown = 7,
  GetParameter = 8,
  SetParameter = 9,
  Record = 10,
  Receive = 11,
}

/** Values of RTSP_REQUEST: {@link https://curl.se/libcurl/c/CURLOPT_RTSP_REQUEST.html}. */
export const CurlRtspRequest: typeof RtspRequestEnum = enumOf(
  "CURL_RTSPREQ_",
  `None Options Describe Announce Setup Play Pause Teardown GetParameter SetParameter
    Record Receive`,
);
/** A value of {@linkcode CurlRtspRequest}. */
export type CurlRtspRequest = RtspRequestEnum;

declare enum TimeCondEnum {
  None = 0,
  IfModSince = 1,
  IfUnmodSince = 2,
  LastMod = 3,
}

/** Values of TIMECONDITION: {@link https://curl.se/libcurl/c/CURLOPT_TIMECONDITION.html}. */
export const CurlTimeCond: typeof TimeCondEnum = enumOf(
  "CURL_TIMECOND_",
  "None IfModSince IfUnmodSince LastMod",
);
/** A value of {@linkcode CurlTimeCond}. */
export type CurlTimeCond = TimeCondEnum;

declare enum UploadFlagEnum {
  Answered = 1,
  Deleted = 2,
  Draft = 4,
  Flagged = 8,
  Seen = 16,
}

/** Bits of UPLOAD_FLAGS: {@link https://curl.se/libcurl/c/CURLOPT_UPLOAD_FLAGS.html}. */
export const CurlUploadFlag: typeof UploadFlagEnum = enumOf(
  "CURLULFLAG_",
  "Answered Deleted Draft Flagged Seen",
);
/** A value of {@linkcode CurlUploadFlag}. */
export type CurlUploadFlag = UploadFlagEnum;

declare enum WsEnum {
  Text = 1,
  Binary = 2,
  Cont = 4,
  Close = 8,
  Ping = 16,
  Pong = 64,
  Offset = 32,
}

/** The kind of a WebSocket frame, as bits: {@link https://curl.se/libcurl/c/curl_ws_send.html}. */
export const CurlWs: typeof WsEnum = enumOf("CURLWS_", "Text Binary Cont Close Ping Pong Offset");
/** A value of {@linkcode CurlWs}. */
export type CurlWs = WsEnum;

declare enum WsOptionsEnum {
  RawMode = 1,
  NoAutoPong = 2,
}

/** Bits of WS_OPTIONS: {@link https://curl.se/libcurl/c/CURLOPT_WS_OPTIONS.html}. */
export const CurlWsOptions: typeof WsOptionsEnum = enumOf("CURLWS_", "RawMode NoAutoPong");
/** A value of {@linkcode CurlWsOptions}. */
export type CurlWsOptions = WsOptionsEnum;
