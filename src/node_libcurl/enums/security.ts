/**
 * Enums for authentication, TLS and SSH.
 *
 * @module
 */

import { enumOf } from "./build.ts";

declare enum AuthEnum {
  None = 0,
  Basic = 1,
  Digest = 2,
  Negotiate = 4,
  GssNegotiate = 4,
  GssApi = 4,
  Ntlm = 8,
  DigestIe = 16,
  NtlmWb = 32,
  Bearer = 64,
  AwsSigV4 = 128,
  Only = 2147483648,
  Any = 4294967279,
  AnySafe = 4294967278,
}

/** Bits of HTTPAUTH and PROXYAUTH: {@link https://curl.se/libcurl/c/CURLOPT_HTTPAUTH.html}. */
export const CurlAuth: typeof AuthEnum = enumOf(
  "CURLAUTH_",
  `None Basic Digest Negotiate GssNegotiate GssApi Ntlm DigestIe NtlmWb Bearer AwsSigV4
    Only Any AnySafe`,
);
/** A value of {@linkcode CurlAuth}. */
export type CurlAuth = AuthEnum;

declare enum FtpAuthEnum {
  Default = 0,
  Ssl = 1,
  Tls = 2,
}

/** Values of FTPSSLAUTH: {@link https://curl.se/libcurl/c/CURLOPT_FTPSSLAUTH.html}. */
export const CurlFtpAuth: typeof FtpAuthEnum = enumOf("CURLFTPAUTH_", "Default Ssl Tls");
/** A value of {@linkcode CurlFtpAuth}. */
export type CurlFtpAuth = FtpAuthEnum;

declare enum FtpSslEnum {
  CccNone = 0,
  CccPassive = 1,
  CccActive = 2,
}

/** Values of FTP_SSL_CCC: {@link https://curl.se/libcurl/c/CURLOPT_FTP_SSL_CCC.html}. */
export const CurlFtpSsl: typeof FtpSslEnum = enumOf("CURLFTPSSL_", "CccNone CccPassive CccActive");
/** A value of {@linkcode CurlFtpSsl}. */
export type CurlFtpSsl = FtpSslEnum;

declare enum GssApiEnum {
  None = 0,
  PolicyFlag = 1,
  DelegationFlag = 2,
}

/** Bits of GSSAPI_DELEGATION: {@link https://curl.se/libcurl/c/CURLOPT_GSSAPI_DELEGATION.html}. */
export const CurlGssApi: typeof GssApiEnum = enumOf("CURLGSSAPI_DELEGATION_", "None PolicyFlag", {
  DelegationFlag: "CURLGSSAPI_DELEGATION_FLAG",
});
/** A value of {@linkcode CurlGssApi}. */
export type CurlGssApi = GssApiEnum;

declare enum SshAuthEnum {
  Any = 4294967295,
  None = 0,
  PublicKey = 1,
  Password = 2,
  Host = 4,
  Keyboard = 8,
  Agent = 16,
  GssApi = 32,
  Default = 4294967295,
}

/** Bits of SSH_AUTH_TYPES: {@link https://curl.se/libcurl/c/CURLOPT_SSH_AUTH_TYPES.html}. */
export const CurlSshAuth: typeof SshAuthEnum = enumOf(
  "CURLSSH_AUTH_",
  "Any None PublicKey Password Host Keyboard Agent GssApi Default",
);
/** A value of {@linkcode CurlSshAuth}. */
export type CurlSshAuth = SshAuthEnum;

declare enum SshKeyMatchEnum {
  Ok = 0,
  Mismatch = 1,
}

/**
 * What an SSH_HOSTKEYFUNCTION returns: {@link
 * https://curl.se/libcurl/c/CURLOPT_SSH_HOSTKEYFUNCTION.html}.
 */
export const CurlSshKeyMatch: typeof SshKeyMatchEnum = enumOf("CURLKHMATCH_", "Ok Mismatch");
/** A value of {@linkcode CurlSshKeyMatch}. */
export type CurlSshKeyMatch = SshKeyMatchEnum;

declare enum SshKeyTypeEnum {
  Unknown = 0,
  Rsa = 2,
  Dss = 3,
  Ecdsa = 4,
  Ed25519 = 5,
}

/**
 * The kind of key that an SSH_HOSTKEYFUNCTION gets: {@link
 * https://curl.se/libcurl/c/CURLOPT_SSH_HOSTKEYFUNCTION.html}.
 */
export const CurlSshKeyType: typeof SshKeyTypeEnum = enumOf(
  "CURLKHTYPE_",
  "Unknown Rsa Dss Ecdsa Ed25519",
);
/** A value of {@linkcode CurlSshKeyType}. */
export type CurlSshKeyType = SshKeyTypeEnum;

declare enum SslOptEnum {
  AllowBeast = 1,
  NoRevoke = 2,
  NoPartialChain = 4,
  RevokeBestEffort = 8,
  NativeCa = 16,
  AutoClientCert = 32,
  Earlydata = 64,
}

/**
 * Bits of SSL_OPTIONS and PROXY_SSL_OPTIONS: {@link
 * https://curl.se/libcurl/c/CURLOPT_SSL_OPTIONS.html}.
 */
export const CurlSslOpt: typeof SslOptEnum = enumOf(
  "CURLSSLOPT_",
  "AllowBeast NoRevoke NoPartialChain RevokeBestEffort NativeCa AutoClientCert Earlydata",
);
/** A value of {@linkcode CurlSslOpt}. */
export type CurlSslOpt = SslOptEnum;

declare enum SslVersionEnum {
  Default = 0,
  TlsV1 = 1,
  SslV2 = 2,
  SslV3 = 3,
  TlsV1_0 = 4,
  TlsV1_1 = 5,
  TlsV1_2 = 6,
  TlsV1_3 = 7,
}

/**
 * The lowest version of TLS, for SSLVERSION: {@link
 * https://curl.se/libcurl/c/CURLOPT_SSLVERSION.html}.
 */
export const CurlSslVersion: typeof SslVersionEnum = enumOf(
  "CURL_SSLVERSION_",
  "Default TlsV1 SslV2 SslV3 TlsV1_0 TlsV1_1 TlsV1_2 TlsV1_3",
);
/** A value of {@linkcode CurlSslVersion}. */
export type CurlSslVersion = SslVersionEnum;

declare enum SslVersionMaxEnum {
  None = 0,
  Default = 65536,
  TlsV1_0 = 262144,
  TlsV1_1 = 327680,
  TlsV1_2 = 393216,
  TlsV1_3 = 458752,
}

/**
 * The highest version of TLS, for SSLVERSION: {@link
 * https://curl.se/libcurl/c/CURLOPT_SSLVERSION.html}.
 */
export const CurlSslVersionMax: typeof SslVersionMaxEnum = enumOf(
  "CURL_SSLVERSION_MAX_",
  "None Default TlsV1_0 TlsV1_1 TlsV1_2 TlsV1_3",
);
/** A value of {@linkcode CurlSslVersionMax}. */
export type CurlSslVersionMax = SslVersionMaxEnum;

declare enum UseSslEnum {
  None = 0,
  Try = 1,
  Control = 2,
  All = 3,
}

/** Values of USE_SSL: {@link https://curl.se/libcurl/c/CURLOPT_USE_SSL.html}. */
export const CurlUseSsl: typeof UseSslEnum = enumOf("CURLUSESSL_", "None Try Control All");
/** A value of {@linkcode CurlUseSsl}. */
export type CurlUseSsl = UseSslEnum;
