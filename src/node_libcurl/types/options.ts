/**
 * The options of an easy handle and the types of their values, for given classes of handles, shares
 * and MIME trees.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type { EasyOptionName } from "../../handles/easy/easy.ts";
import type { InfoName } from "../../handles/easy/infos.ts";
import type {
  CurlChunk,
  CurlFnMatchFunc,
  CurlInfoDebug,
  CurlPreReqFunc,
  CurlProgressFunc,
} from "../enums/callbacks.ts";
import type {
  CurlFtpSsl,
  CurlGssApi,
  CurlSshAuth,
  CurlSshKeyMatch,
  CurlSshKeyType,
  CurlSslOpt,
  CurlSslVersion,
  CurlUseSsl,
} from "../enums/security.ts";
import type {
  CurlFtpMethod,
  CurlHeader,
  CurlHsts,
  CurlHttpVersion,
  CurlIpResolve,
  CurlMimeOpt,
  CurlNetrc,
  CurlProtocol,
  CurlProxy,
  CurlRtspRequest,
  CurlTimeCond,
  CurlWsOptions,
} from "../enums/transfers.ts";
import type { CurlHstsCacheCount, CurlHstsCacheEntry, FileInfo, HttpPostField } from "./values.ts";

/** The names of curl's options that node-libcurl does not have. */
type NotOffered =
  | `${string}DATA`
  | "ENCODING"
  | "CLOSESOCKETFUNCTION"
  | "CONV_FROM_NETWORK_FUNCTION"
  | "CONV_FROM_UTF8_FUNCTION"
  | "CONV_TO_NETWORK_FUNCTION"
  | "COPYPOSTFIELDS"
  | "CURLU"
  | "ERRORBUFFER"
  | "FILE"
  | "FTPAPPEND"
  | "FTPLISTONLY"
  | "FTP_RESPONSE_TIMEOUT"
  | "FTP_SSL"
  | "INFILE"
  | "IOCTLFUNCTION"
  | "KRB4LEVEL"
  | "MAIL_RCPT_ALLLOWFAILS"
  | "OPENSOCKETFUNCTION"
  | "POST301"
  | "PRIVATE"
  | "RESOLVER_START_FUNCTION"
  | "RTSPHEADER"
  | "SOCKOPTFUNCTION"
  | "SSH_KEYFUNCTION"
  | "SSLCERTPASSWD"
  | "SSLKEYPASSWD"
  | "SSL_CTX_FUNCTION"
  | "STDERR"
  | "WRITEHEADER";

/** The name of an option: curl's own, without `CURLOPT_`. */
export type CurlOptionName = Exclude<EasyOptionName, NotOffered> | "READDATA";

/** An object that maps the name of each option to itself. */
export type CurlOption = { readonly [N in CurlOptionName]: N };

/** The name of an info: curl's own, without `CURLINFO_`. */
export type CurlInfoName = InfoName;

/** An object that maps the name of each info to itself. */
export type CurlInfo = { readonly [N in CurlInfoName]: N };

/** The options whose function gets or gives bytes. */
export type DataCallbackOptions = "READFUNCTION" | "HEADERFUNCTION" | "WRITEFUNCTION";

/** The options whose function gets the progress of the transfer. */
export type ProgressCallbackOptions = "PROGRESSFUNCTION" | "XFERINFOFUNCTION";

/** The options that take a list of lines. */
export type StringListOptions =
  | "CONNECT_TO"
  | "HTTP200ALIASES"
  | "HTTPHEADER"
  | "MAIL_RCPT"
  | "PROXYHEADER"
  | "POSTQUOTE"
  | "PREQUOTE"
  | "QUOTE"
  | "RESOLVE"
  | "TELNETOPTIONS";

/** The options that take bytes. */
export type BlobOptions =
  | "CAINFO_BLOB"
  | "ISSUERCERT_BLOB"
  | "SSLKEY_BLOB"
  | "SSLCERT_BLOB"
  | "PROXY_CAINFO_BLOB"
  | "PROXY_ISSUERCERT_BLOB"
  | "PROXY_SSLCERT_BLOB"
  | "PROXY_SSLCERT"
  | "PROXY_SSLKEY_BLOB";

type OnData<Handle> = (this: Handle, data: Buffer, size: number, nmemb: number) => number;

/** The options that take a function; `this` is the easy handle. */
interface FunctionValues<Handle> {
  READFUNCTION: OnData<Handle>;
  HEADERFUNCTION: OnData<Handle>;
  WRITEFUNCTION: OnData<Handle>;
  INTERLEAVEFUNCTION: OnData<Handle>;
  PROGRESSFUNCTION: OnProgress<Handle>;
  XFERINFOFUNCTION: OnProgress<Handle>;
  CHUNK_BGN_FUNCTION: (this: Handle, fileInfo: FileInfo, remains: number) => CurlChunk;
  CHUNK_END_FUNCTION: (this: Handle) => CurlChunk;
  DEBUGFUNCTION: (this: Handle, type: CurlInfoDebug, data: Buffer) => 0;
  FNMATCH_FUNCTION: (this: Handle, pattern: string, value: string) => CurlFnMatchFunc;
  HSTSREADFUNCTION: (
    this: Handle,
    options: { maxHostLengthBytes: number },
  ) => null | CurlHstsCacheEntry | CurlHstsCacheEntry[];
  HSTSWRITEFUNCTION: (
    this: Handle,
    cacheEntry: CurlHstsCacheEntry,
    cacheCount: CurlHstsCacheCount,
    // deno-lint-ignore no-explicit-any -- node-libcurl's own type
  ) => any;
  PREREQFUNCTION: (
    this: Handle,
    connPrimaryIp: string,
    connLocalIp: string,
    connPrimaryPort: number,
    conLocalPort: number,
  ) => CurlPreReqFunc;
  SEEKFUNCTION: (this: Handle, offset: number, origin: number) => number;
  SSH_HOSTKEYFUNCTION: (this: Handle, keytype: CurlSshKeyType, key: Buffer) => CurlSshKeyMatch;
  TRAILERFUNCTION: (this: Handle) => string[] | false;
}

/** The type of XFERINFOFUNCTION and PROGRESSFUNCTION. */
export type OnProgress<Handle> = (
  this: Handle,
  dltotal: number,
  dlnow: number,
  ultotal: number,
  ulnow: number,
) => number | CurlProgressFunc;

/** The options that take an object. */
interface ObjectValues<Handle, ShareHandle, MimeTree> {
  SHARE: ShareHandle;
  HTTPPOST: HttpPostField[];
  MIMEPOST: MimeTree;
  STREAM_DEPENDS: Handle;
  STREAM_DEPENDS_E: Handle;
}

/** The options that take a value of an enum. */
interface EnumValues {
  FTP_SSL_CCC: CurlFtpSsl;
  FTP_FILEMETHOD: CurlFtpMethod;
  GSSAPI_DELEGATION: CurlGssApi;
  HEADEROPT: CurlHeader;
  HTTP_VERSION: CurlHttpVersion;
  IPRESOLVE: CurlIpResolve;
  MIME_OPTIONS: CurlMimeOpt;
  NETRC: CurlNetrc;
  PROTOCOLS: CurlProtocol;
  PROXY_SSL_OPTIONS: CurlSslOpt;
  PROXYTYPE: CurlProxy;
  REDIR_PROTOCOLS: CurlProtocol;
  RTSP_REQUEST: CurlRtspRequest;
  SSH_AUTH_TYPES: CurlSshAuth;
  SSL_OPTIONS: CurlSslOpt;
  SSLVERSION: CurlSslVersion;
  TIMECONDITION: CurlTimeCond;
  USE_SSL: CurlUseSsl;
  WS_OPTIONS: CurlWsOptions;
  HSTS_CTRL: CurlHsts;
}

/** The value that an option takes; `null` unsets it. */
export type OptionValue<N extends CurlOptionName, Handle, ShareHandle, MimeTree> =
  | (N extends keyof FunctionValues<Handle> ? FunctionValues<Handle>[N]
    : N extends keyof ObjectValues<Handle, ShareHandle, MimeTree>
      ? ObjectValues<Handle, ShareHandle, MimeTree>[N]
    : N extends keyof EnumValues ? EnumValues[N]
    : N extends StringListOptions ? string[]
    : N extends BlobOptions ? ArrayBuffer | Buffer | string
    : string | number | boolean)
  | null;
