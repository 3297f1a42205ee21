/**
 * libcurl for Deno and Bun, with no build step.
 *
 * @example
 * ```ts
 * import { Agent, Easy } from "curlew";
 *
 * await using agent = new Agent();
 * using easy = new Easy();
 * easy.setOpts({ URL: "https://example.com/", WRITEFUNCTION: (bytes) => bytes.length });
 * await agent.perform(easy);
 * console.log(easy.getInfo("RESPONSE_CODE"));
 * ```
 *
 * @module
 */

export { Agent } from "./src/driver/agent.ts";
export type {
  AgentOptions,
  AgentStats,
  PerformOptions,
  WaitOptions,
} from "./src/driver/agent_options.ts";
export { constants } from "./src/constants.ts";
export {
  CurlEasyError,
  CurlError,
  CurlLoadError,
  CurlMultiError,
  CurlShareError,
  CurlUrlError,
} from "./src/errors.ts";
export type {
  EasyCallbacks,
  FileInfo,
  HostKey,
  HstsEntry,
  SocketAddress,
} from "./src/handles/callback_types.ts";
export { Easy } from "./src/handles/easy.ts";
export type { TlsSessionInfo } from "./src/handles/easy_infos.ts";
export type { HttpPostPart } from "./src/handles/form.ts";
export type { Header, HeadersOptions } from "./src/handles/headers.ts";
export { Mime, type MimePart } from "./src/handles/mime.ts";
export type { MimeReader } from "./src/handles/mime_reader.ts";
export { type Message, Multi } from "./src/handles/multi.ts";
export type { MultiCallbacks } from "./src/handles/multi_options.ts";
export type { FdSets, WaitFd } from "./src/handles/multi_wait.ts";
export type {
  EasyOptionName,
  EasyOptions,
  EasyOptionValue,
  InfoName,
  InfoValue,
  MultiOptionName,
  MultiOptionValue,
} from "./src/handles/option_types.ts";
export type { PushHeaders } from "./src/handles/push.ts";
export { Share } from "./src/handles/share.ts";
export type { WsFrame } from "./src/handles/ws.ts";
export { CurlUrl, type UrlPart } from "./src/handles/url.ts";
export {
  download,
  type DownloadOptions,
  type DownloadProgress,
  type DownloadResult,
} from "./src/http/download.ts";
export { fetch } from "./src/http/fetch.ts";
export type { HeaderEntry, HeadersSource } from "./src/http/header_list.ts";
export { formatTimings, type TransferInfo, transferInfo } from "./src/http/info.ts";
export type { ReferrerPolicy } from "./src/http/referrer.ts";
export { type MimeSource, mimeStream, type MimeStreamOptions } from "./src/http/mime_stream.ts";
export type { FetchBody, FetchCurlOptions, FetchInit, FetchProgress } from "./src/http/request.ts";
export { fetchSync, type FetchSyncInit, type FetchSyncResult } from "./src/http/sync.ts";
export {
  upload,
  type UploadBody,
  type UploadOptions,
  type UploadProgress,
  type UploadResult,
} from "./src/http/upload.ts";
export {
  CurlWebSocket,
  type CurlWebSocketEventMap,
  type CurlWebSocketInit,
} from "./src/http/websocket.ts";
export { type VersionInfo, versionInfo } from "./src/version.ts";
export { configure, type ConfigureOptions, type Pointer } from "./ffi/mod.ts";
