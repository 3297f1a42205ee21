/**
 * DOC
 *
 * @module
 */

export {
  CurlChunk,
  CurlFileType,
  CurlFnMatchFunc,
  CurlHstsCallback,
  CurlInfoDebug,
  CurlPause,
  CurlPreReqFunc,
  CurlProgressFunc,
  CurlPush,
  CurlReadFunc,
  CurlWriteFunc,
  SocketState,
} from "./src/node_libcurl/enums/callbacks.ts";
export { CurlCode, CurlMultiCode, CurlShareCode } from "./src/node_libcurl/enums/codes.ts";
export {
  CurlGlobalInit,
  CurlMultiNetworkChanged,
  CurlPipe,
  CurlPx,
  CurlShareLock,
  CurlShareOption,
  CurlVersion,
} from "./src/node_libcurl/enums/handles.ts";
export {
  CurlAuth,
  CurlFtpAuth,
  CurlFtpSsl,
  CurlGssApi,
  CurlSshAuth,
  CurlSshKeyMatch,
  CurlSshKeyType,
  CurlSslOpt,
  CurlSslVersion,
  CurlSslVersionMax,
  CurlUseSsl,
} from "./src/node_libcurl/enums/security.ts";
export {
  CurlFeature,
  CurlFollow,
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
  CurlUploadFlag,
  CurlWs,
  CurlWsOptions,
} from "./src/node_libcurl/enums/transfers.ts";
export { Curl } from "./src/node_libcurl/curl/curl.ts";
export {
  type CurlOptionValueType,
  curly,
  type CurlyFunction,
  type CurlyHttpMethod,
  type CurlyHttpMethodCall,
  type CurlyOptions,
  type CurlyResult,
} from "./src/node_libcurl/curly/curly.ts";
export type {
  CurlyResponseBodyParser,
  CurlyResponseBodyParsersProperty,
} from "./src/node_libcurl/curly/parsers.ts";
export { Easy, type EasyOptionValue } from "./src/node_libcurl/easy/easy.ts";
export {
  CurlEasyError,
  CurlError,
  CurlMultiError,
  CurlSharedError,
} from "./src/node_libcurl/errors.ts";
export type {
  CurlyMimePart,
  CurlyMimePartCommon,
  CurlyMimePartData,
  CurlyMimePartFile,
  CurlyMimePartStream,
  CurlyMimePartSubparts,
} from "./src/node_libcurl/mime/describe.ts";
export type { MimeHost } from "./src/node_libcurl/mime/hosts.ts";
export { CurlMime, CurlMimePart, type MimeEncoding } from "./src/node_libcurl/mime/mime.ts";
export {
  type MessageListener,
  Multi,
  type MultiOption,
  type MultiOptionName,
  type MultiOptions,
} from "./src/node_libcurl/multi/multi.ts";
export type { PushFunction } from "./src/node_libcurl/multi/push.ts";
export { Share } from "./src/node_libcurl/share.ts";
export type {
  BlobOptions,
  CurlInfo,
  CurlInfoName,
  CurlOption,
  CurlOptionName,
  DataCallbackOptions,
  OnProgress,
  ProgressCallbackOptions,
  StringListOptions,
} from "./src/node_libcurl/types/options.ts";
export type {
  CurlHstsCacheCount,
  CurlHstsCacheEntry,
  CurlVersionInfoNativeBindingObject,
  CurlWsFrame,
  FileInfo,
  GetInfoReturn,
  HeaderInfo,
  Http2PushFrameHeaders,
  HttpPostField,
  MimeDataCallbacks,
} from "./src/node_libcurl/types/values.ts";
