/**
 * The names of node-libcurl's interface.
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
} from "./enums/callbacks.ts";
export { CurlCode, CurlMultiCode, CurlShareCode } from "./enums/codes.ts";
export {
  CurlGlobalInit,
  CurlMultiNetworkChanged,
  CurlPipe,
  CurlPx,
  CurlShareLock,
  CurlShareOption,
  CurlVersion,
} from "./enums/handles.ts";
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
} from "./enums/security.ts";
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
} from "./enums/transfers.ts";
export { Curl } from "./curl/curl.ts";
export {
  type CurlOptionValueType,
  curly,
  type CurlyFunction,
  type CurlyHttpMethod,
  type CurlyHttpMethodCall,
  type CurlyOptions,
  type CurlyResult,
} from "./curly/curly.ts";
export type { CurlyResponseBodyParser, CurlyResponseBodyParsersProperty } from "./curly/parsers.ts";
export { Easy, type EasyOptionValue } from "./easy/easy.ts";
export { CurlEasyError, CurlError, CurlMultiError, CurlSharedError } from "./errors.ts";
export type {
  CurlyMimePart,
  CurlyMimePartCommon,
  CurlyMimePartData,
  CurlyMimePartFile,
  CurlyMimePartStream,
  CurlyMimePartSubparts,
} from "./mime/describe.ts";
export type { MimeHost } from "./mime/hosts.ts";
export { CurlMime, CurlMimePart, type MimeEncoding } from "./mime/mime.ts";
export {
  type MessageListener,
  Multi,
  type MultiOption,
  type MultiOptionName,
  type MultiOptions,
} from "./multi/multi.ts";
export type { PushFunction } from "./multi/push.ts";
export { Share } from "./share.ts";
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
} from "./types/options.ts";
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
} from "./types/values.ts";
