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
  FileInfo,
  HostKey,
  HstsEntry,
  SocketAddress,
} from "./src/handles/callbacks/structs.ts";
export {
  Easy,
  type EasyCallbacks,
  type EasyOptionName,
  type EasyOptions,
  type EasyOptionValue,
} from "./src/handles/easy/easy.ts";
export type { TlsSessionInfo } from "./src/handles/core/info.ts";
export type { InfoName, InfoValue } from "./src/handles/easy/infos.ts";
export type { HttpPostPart } from "./src/handles/mime/httppost.ts";
export type { Header, HeaderOptions, HeadersOptions } from "./src/handles/easy/headers.ts";
export {
  Mime,
  type MimeContents,
  type MimePart,
  type MimePartProperties,
} from "./src/handles/mime/mime.ts";
export type { MimeReader } from "./src/handles/mime/reader.ts";
export {
  type Message,
  Multi,
  type MultiCallbacks,
  type MultiOptionName,
  type MultiOptionValue,
} from "./src/handles/multi/multi.ts";
export type { FdSets, WaitFd } from "./src/handles/multi/wait.ts";
export type { PushHeaders } from "./src/handles/multi/push.ts";
export { Share } from "./src/handles/share.ts";
export type { WsFrame } from "./src/handles/easy/websocket.ts";
export { escape, parseDate, unescape } from "./src/handles/text.ts";
export { CurlUrl, type UrlPart } from "./src/handles/url.ts";
export { download, type DownloadOptions } from "./src/http/files/download.ts";
export type { DownloadProgress, DownloadResult } from "./src/http/files/download_job.ts";
export { type Fetch, fetch } from "./src/http/fetch.ts";
export type { Cookie, CookieInit } from "./src/http/cookies/cookie.ts";
export type { CookieFilter, CookieJar } from "./src/http/cookies/cookie_jar.ts";
export type { RetryEvent, RetryOptions } from "./src/http/retry/policy.ts";
export type { HeaderEntry, HeadersSource } from "./src/http/request/headers.ts";
export { formatTimings, type TransferInfo } from "./src/http/response/info.ts";
export { transferInfo } from "./src/http/response/response.ts";
export type { ReferrerPolicy } from "./src/http/request/referrer.ts";
export { type MimeSource, mimeStream, type MimeStreamOptions } from "./src/http/mime_stream.ts";
export type { FetchBody } from "./src/http/request_body/source.ts";
export type { FetchCurlOptions, FetchInit, FetchProgress } from "./src/http/request/plan.ts";
export { fetchSync, type FetchSyncInit, type FetchSyncResult } from "./src/http/fetch_sync.ts";
export {
  upload,
  type UploadBody,
  type UploadOptions,
  type UploadProgress,
  type UploadResult,
} from "./src/http/files/upload.ts";
export {
  CurlWebSocket,
  type CurlWebSocketEventMap,
  type CurlWebSocketInit,
} from "./src/http/websocket/websocket.ts";
export { type VersionInfo, versionInfo } from "./src/version.ts";
export { configure, type ConfigureOptions, type Pointer } from "./ffi/mod.ts";
