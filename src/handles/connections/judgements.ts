/**
 * The effect of each option of an easy handle on the connection that a transfer gets. libcurl gives
 * a transfer any kept connection whose compared options are equal, and any name that it has
 * resolved before. It does not compare all options: one that it leaves out would act on the
 * requests of others, or not on its own request.
 *
 * The judgements were made by reading `ConnectionExists` of lib/url.c, later `url_match_conn`, the
 * comparison of TLS settings (lib/vtls) and the name cache (lib/hostip.c) of libcurl 7.74 to 8.21.
 * An option without a row, because it is newer than the tables, counts as `own`.
 *
 * @module
 */

import { easyOptions } from "../../../ffi/curl/options.ts";
import { COMPARED_SINCE, type SinceRow } from "../../libcurl_versions.ts";

/** The name of an easy option. */
type Name = keyof typeof easyOptions;

/** The effect of an option on the choice of the connection. */
export type Judgement =
  /** None: the option acts on each request, on a kept connection too. */
  | { readonly kind: "request" }
  /**
   * libcurl compares the value exactly, and in both directions: since the version of `exact`, or in
   * all versions. It compares TLS settings (`tls`) where the URL's scheme has TLS, but not where
   * USE_SSL turns TLS on.
   */
  | { readonly kind: "compared"; readonly exact: SinceRow | null; readonly tls: boolean }
  /**
   * libcurl compares the value, but not for HTTP, where NTLM and Negotiate authenticate the
   * connection.
   */
  | { readonly kind: "credential" }
  /**
   * libcurl does not compare the value, or only in some versions or directions. With `names` the
   * option decides the addresses of a name, so that the name cache must be separate, too.
   */
  | { readonly kind: "own"; readonly names: boolean };

/** One row: the judgement, the reason, and the options that it is about. */
export type Row = readonly [judgement: Judgement, why: string, options: readonly Name[]];

const REQUEST: Judgement = { kind: "request" }, CREDENTIAL: Judgement = { kind: "credential" };
const OWN: Judgement = { kind: "own", names: false },
  NAMES: Judgement = { kind: "own", names: true };
const compared = (exact: SinceRow | null = null): Judgement => ({
  kind: "compared",
  exact,
  tls: false,
});
const tls = (exact: SinceRow | null = null): Judgement => ({ kind: "compared", exact, tls: true });

const { bearer, certificatePaths, clientKey, httpVersion, issuer, login } = COMPARED_SINCE;
const { pins, srpUser, sshKeys, tlsOptions, tunnelUser } = COMPARED_SINCE;

const TABLE = [
  // where a connection leads to
  [NAMES, "puts addresses into the name cache, for all transfers that use it", ["RESOLVE"]],
  [NAMES, "decides how names are resolved; the cache keeps the addresses for all transfers", [
    ...["DOH_URL", "DOH_SSL_VERIFYHOST", "DOH_SSL_VERIFYPEER", "DOH_SSL_VERIFYSTATUS"],
    ...["DNS_SERVERS", "DNS_INTERFACE", "DNS_LOCAL_IP4", "DNS_LOCAL_IP6", "DNS_SHUFFLE_ADDRESSES"],
    ...["RESOLVER_START_FUNCTION", "RESOLVER_START_DATA"],
  ]],
  [NAMES, "compared since 7.77, but a request without it uses the restricted addresses", [
    "IPRESOLVE",
  ]],
  [NAMES, "its name cache, if it has one, decides where a connection leads to", ["SHARE"]],
  [OWN, "is called only where a connection is made", [
    ...["OPENSOCKETFUNCTION", "OPENSOCKETDATA", "SOCKOPTFUNCTION", "SOCKOPTDATA"],
  ]],
  [OWN, "belongs to the connection, which keeps the value of its first request", [
    ...["CLOSESOCKETFUNCTION", "CLOSESOCKETDATA"],
  ]],
  [OWN, "a request without it may get a connection that is bound to it", [
    ...["INTERFACE", "LOCALPORT", "LOCALPORTRANGE"],
  ]],
  [OWN, "is used only where a connection is made", [
    ...["ADDRESS_SCOPE", "TCP_FASTOPEN", "TCP_KEEPALIVE", "TCP_KEEPCNT", "TCP_KEEPIDLE"],
    ...["TCP_KEEPINTVL", "TCP_NODELAY"],
  ]],
  [compared(), "the host that is connected to, by its address in the end", [
    ...["CONNECT_TO", "PORT", "UNIX_SOCKET_PATH", "ABSTRACT_UNIX_SOCKET"],
  ]],
  // proxies
  [compared(), "which proxy is used, and whether by a tunnel", [
    ...["NOPROXY", "PROXYPORT", "PROXYTYPE", "HTTPPROXYTUNNEL"],
  ]],
  [compared(tunnelUser), "the user of an HTTP proxy's tunnel is not compared before", [
    ...["PROXY", "PROXYUSERPWD", "PROXYUSERNAME", "PROXYPASSWORD"],
  ]],
  [compared(), "the proxy before the proxy, with its user", ["PRE_PROXY"]],
  [OWN, "is sent to a proxy when a tunnel is made", [
    ...["PROXYHEADER", "HEADEROPT", "HAPROXYPROTOCOL", "HAPROXY_CLIENT_IP"],
  ]],
  [OWN, "how the user is authenticated to a proxy", [
    ...["PROXYAUTH", "PROXY_SERVICE_NAME", "SOCKS5_AUTH", "SOCKS5_GSSAPI_NEC"],
    ...["SOCKS5_GSSAPI_SERVICE"],
  ]],
  [OWN, "compared in some versions only where the server has TLS as well as the proxy", [
    ...["PROXY_CAINFO", "PROXY_CAINFO_BLOB", "PROXY_CAPATH", "PROXY_CRLFILE", "PROXY_ISSUERCERT"],
    ...["PROXY_ISSUERCERT_BLOB", "PROXY_KEYPASSWD", "PROXY_PINNEDPUBLICKEY", "PROXY_SSLCERT"],
    ...["PROXY_SSLCERTTYPE", "PROXY_SSLCERT_BLOB", "PROXY_SSLKEY", "PROXY_SSLKEYTYPE"],
    ...["PROXY_SSLKEY_BLOB", "PROXY_SSLVERSION", "PROXY_SSL_CIPHER_LIST", "PROXY_SSL_OPTIONS"],
    ...["PROXY_SSL_VERIFYHOST", "PROXY_SSL_VERIFYPEER", "PROXY_TLS13_CIPHERS"],
    ...["PROXY_TLSAUTH_PASSWORD", "PROXY_TLSAUTH_TYPE", "PROXY_TLSAUTH_USERNAME"],
  ]],
  // TLS
  [tls(), "the protocol's version and what is verified", [
    ...["SSLVERSION", "SSL_VERIFYHOST", "SSL_VERIFYPEER", "SSL_VERIFYSTATUS"],
  ]],
  [tls(), "names of ciphers and curves, whose letter case has no meaning", [
    ...["SSL_CIPHER_LIST", "TLS13_CIPHERS", "SSL_EC_CURVES", "SSL_SIGNATURE_ALGORITHMS"],
  ]],
  [tls(), "certificates, by their bytes", ["CAINFO_BLOB", "SSLCERT_BLOB"]],
  [tls(certificatePaths), "before, paths that differ only in letter case are equal", [
    ...["CAINFO", "CAPATH", "SSLCERT"],
  ]],
  [tls(issuer), "not compared before", ["ISSUERCERT", "ISSUERCERT_BLOB"]],
  [tls(tlsOptions), "not compared before", ["SSL_OPTIONS"]],
  [tls(srpUser), "not compared before 7.83.1, and then without regard to letter case", [
    ...["TLSAUTH_USERNAME", "TLSAUTH_PASSWORD"],
  ]],
  [tls(pins), "before, compared without regard to letter case", ["CRLFILE", "PINNEDPUBLICKEY"]],
  [tls(clientKey), "not compared before", [
    ...["SSLKEY", "SSLKEYTYPE", "SSLKEY_BLOB", "SSLCERTTYPE"],
  ]],
  [OWN, "it is also for the key of SSH, for which it is not compared", ["KEYPASSWD"]],
  [OWN, "is called only in the handshake", ["SSL_CTX_FUNCTION", "SSL_CTX_DATA"]],
  [OWN, "acts in the handshake, and is not compared", [
    ...["CA_CACHE_TIMEOUT", "ECH", "SSLENGINE", "SSLENGINE_DEFAULT", "SSL_ENABLE_ALPN"],
    ...["SSL_ENABLE_NPN", "SSL_FALSESTART", "SSL_SESSIONID_CACHE", "TLSAUTH_TYPE"],
  ]],
  [OWN, "turns TLS on; compared since 8.21, but not exactly", [
    "USE_SSL",
  ]],
  [REQUEST, "the source of random numbers, of the whole process", ["EGDSOCKET", "RANDOM_FILE"]],
  // SSH
  [OWN, "decides which server is accepted, but only in the handshake", [
    ...["SSH_HOSTKEYFUNCTION", "SSH_HOSTKEYDATA", "SSH_KEYFUNCTION", "SSH_KEYDATA"],
    ...["SSH_HOST_PUBLIC_KEY_MD5", "SSH_HOST_PUBLIC_KEY_SHA256", "SSH_KNOWNHOSTS"],
  ]],
  [OWN, "acts in the handshake, and is not compared", ["SSH_AUTH_TYPES", "SSH_COMPRESSION"]],
  [compared(sshKeys), "compared since 7.83.1, but the comparison is not reached before 8.0", [
    ...["SSH_PRIVATE_KEYFILE", "SSH_PUBLIC_KEYFILE"],
  ]],
  // the user of the connection
  [CREDENTIAL, "the user of the connection, if it has one", [
    ...["URL", "CURLU", "USERNAME", "PASSWORD", "USERPWD", "NETRC", "NETRC_FILE"],
  ]],
  [OWN, "NTLM and Negotiate authenticate a connection and not a request", ["HTTPAUTH"]],
  [OWN, "how the user is logged in, which is not compared", [
    ...["LOGIN_OPTIONS", "SASL_IR", "SERVICE_NAME", "KRBLEVEL"],
  ]],
  [compared(bearer), "the user of mail and LDAP, not compared before", [
    ...["SASL_AUTHZID", "XOAUTH2_BEARER"],
  ]],
  [compared(login), "not compared before", [
    ...["GSSAPI_DELEGATION", "FTP_ACCOUNT", "FTP_ALTERNATIVE_TO_USER", "FTP_SSL_CCC"],
  ]],
  // how the protocol begins
  [
    compared(httpVersion),
    "a required version is compared with the connection's only since 8.13",
    [
      "HTTP_VERSION",
    ],
  ],
  [OWN, "is kept in the connection, with the value of its first request", [
    ...["FTP_USE_EPRT", "FTP_USE_EPSV", "FTPSSLAUTH"],
  ]],
  [OWN, "is sent when the connection begins", ["TELNETOPTIONS"]],

  // no effect on the connection
  [REQUEST, "decides for each request whether a kept connection may be used", [
    ...["CONNECT_ONLY", "FORBID_REUSE", "FRESH_CONNECT", "MAXAGE_CONN", "MAXLIFETIME_CONN"],
    ...["PIPEWAIT", "DNS_CACHE_TIMEOUT"],
  ]],
  [REQUEST, "is called for each request, on a kept connection too", [
    ...["PREREQFUNCTION", "PREREQDATA"],
  ]],
  [REQUEST, "is a part of the URL, or restricts it", [
    ...["DEFAULT_PROTOCOL", "DISALLOW_USERNAME_IN_URL", "PATH_AS_IS", "PROTOCOLS", "PROTOCOLS_STR"],
    ...["REDIR_PROTOCOLS", "REDIR_PROTOCOLS_STR"],
  ]],
  [REQUEST, "is kept by the handle, and changes the URL or the host to connect to", [
    ...["ALTSVC", "ALTSVC_CTRL", "HSTS", "HSTS_CTRL", "HSTSREADDATA", "HSTSREADFUNCTION"],
    ...["HSTSWRITEDATA", "HSTSWRITEFUNCTION"],
  ]],
  [REQUEST, "limits a time or a speed", [
    ...["ACCEPTTIMEOUT_MS", "CONNECTTIMEOUT", "CONNECTTIMEOUT_MS", "EXPECT_100_TIMEOUT_MS"],
    ...["HAPPY_EYEBALLS_TIMEOUT_MS", "LOW_SPEED_LIMIT", "LOW_SPEED_TIME", "MAX_RECV_SPEED_LARGE"],
    ...["MAX_SEND_SPEED_LARGE", "SERVER_RESPONSE_TIMEOUT", "SERVER_RESPONSE_TIMEOUT_MS"],
    ...["TIMEOUT", "TIMEOUT_MS", "UPKEEP_INTERVAL_MS"],
  ]],
  [REQUEST, "is sent with the request; with HEADEROPT the connection is not shared", [
    "HTTPHEADER",
  ]],
  [REQUEST, "is part of each request", [
    ...["ACCEPT_ENCODING", "AUTOREFERER", "AWS_SIGV4", "COOKIE", "COOKIEFILE", "COOKIEJAR"],
    ...["COOKIELIST", "COOKIESESSION", "CUSTOMREQUEST", "HTTPGET", "NOBODY", "POST", "PUT"],
    ...["RANGE", "REFERER", "REQUEST_TARGET", "RESUME_FROM", "RESUME_FROM_LARGE", "TIMECONDITION"],
    ...["TIMEVALUE", "TIMEVALUE_LARGE", "TRANSFER_ENCODING", "UNRESTRICTED_AUTH", "USERAGENT"],
    ...["FOLLOWLOCATION", "MAXREDIRS", "POSTREDIR", "STREAM_DEPENDS", "STREAM_DEPENDS_E"],
    ...["STREAM_WEIGHT", "MAIL_AUTH", "MAIL_FROM", "MAIL_RCPT", "MAIL_RCPT_ALLOWFAILS"],
    ...["RTSP_CLIENT_CSEQ", "RTSP_REQUEST", "RTSP_SERVER_CSEQ", "RTSP_SESSION_ID"],
    ...["RTSP_STREAM_URI", "RTSP_TRANSPORT", "QUOTE", "PREQUOTE", "POSTQUOTE", "UPLOAD_FLAGS"],
  ]],
  [REQUEST, "takes effect for each request of FTP or SSH", [
    ...["APPEND", "DIRLISTONLY", "FTPPORT", "FTP_CREATE_MISSING_DIRS", "FTP_FILEMETHOD"],
    ...["FTP_SKIP_PASV_IP", "FTP_USE_PRET", "NEW_DIRECTORY_PERMS", "NEW_FILE_PERMS"],
    ...["TRANSFERTEXT", "PROXY_TRANSFER_MODE", "WILDCARDMATCH", "CHUNK_BGN_FUNCTION"],
    ...["CHUNK_DATA", "CHUNK_END_FUNCTION", "FNMATCH_DATA", "FNMATCH_FUNCTION"],
  ]],
  [REQUEST, "TFTP keeps no connection", ["TFTP_BLKSIZE", "TFTP_NO_OPTIONS"]],
  [REQUEST, "the request body and its source", [
    ...["COPYPOSTFIELDS", "CRLF", "HTTPPOST", "INFILESIZE", "INFILESIZE_LARGE", "IOCTLDATA"],
    ...["IOCTLFUNCTION", "MIMEPOST", "MIME_OPTIONS", "POSTFIELDS", "POSTFIELDSIZE"],
    ...["POSTFIELDSIZE_LARGE", "READDATA", "READFUNCTION", "SEEKDATA", "SEEKFUNCTION"],
    ...["TRAILERDATA", "TRAILERFUNCTION", "UPLOAD", "UPLOAD_BUFFERSIZE", "KEEP_SENDING_ON_ERROR"],
    "CONV_FROM_NETWORK_FUNCTION",
    "CONV_FROM_UTF8_FUNCTION",
    "CONV_TO_NETWORK_FUNCTION",
  ]],
  [REQUEST, "how the response is received", [
    ...["BUFFERSIZE", "FAILONERROR", "HEADER", "HEADERDATA", "HEADERFUNCTION", "HTTP09_ALLOWED"],
    ...["HTTP200ALIASES", "HTTP_CONTENT_DECODING", "HTTP_TRANSFER_DECODING", "WS_OPTIONS"],
    ...["IGNORE_CONTENT_LENGTH", "INTERLEAVEDATA", "INTERLEAVEFUNCTION", "MAXFILESIZE"],
    ...["MAXFILESIZE_LARGE", "SUPPRESS_CONNECT_HEADERS", "WRITEDATA", "WRITEFUNCTION"],
  ]],
  [REQUEST, "reports about the transfer", [
    ...["CERTINFO", "DEBUGDATA", "DEBUGFUNCTION", "ERRORBUFFER", "FILETIME", "NOPROGRESS"],
    ...["PRIVATE", "PROGRESSFUNCTION", "STDERR", "VERBOSE", "XFERINFODATA", "XFERINFOFUNCTION"],
  ]],
  [REQUEST, "is not used with a multi handle, or without effect in all versions", [
    ...["DNS_USE_GLOBAL_CACHE", "MAXCONNECTS", "NOSIGNAL", "QUICK_EXIT"],
  ]],
] as const satisfies readonly Row[];

/** Every option, once each. */
export const ROWS: readonly Row[] = TABLE;

/** The judgement of an option that has no row. */
const UNKNOWN: Judgement = { kind: "own", names: true };

let byId: Map<number, Judgement> | undefined;

/** The effect of an option, given by its number, on the choice of the connection. */
export function judgementOf(id: number): Judgement {
  if (!byId) {
    byId = new Map();
    for (const [judgement, , names] of ROWS) {
      for (const name of names) byId.set(easyOptions[name].id, judgement);
    }
  }
  return byId.get(id) ?? UNKNOWN;
}
