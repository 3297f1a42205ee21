/**
 * `upload`: uploads of files, bytes and streams.
 *
 * @module
 */

import { member } from "../../members.ts";
import { throwIfAborted } from "../../signals.ts";
import { errorOfCall, headError, loadModules, typeError } from "../errors.ts";
import { copyOf } from "../bytes.ts";
import { absolutePath } from "../../paths.ts";
import { isBody } from "../request_body/source.ts";
import { show } from "../../handles/base/arguments.ts";
import type { Agent } from "../../driver/agent.ts";
import { agentOf } from "../default_agent.ts";
import type { HeadersSource } from "../request/headers.ts";
import { countdown } from "../transfer/countdown.ts";
import type { RetryOptions } from "../retry/policy.ts";
import { type ChainedRequest, type ChainResult, runChain } from "../transfer/request_chain.ts";
import type { TransferInfo } from "../response/info.ts";
import { readProgress } from "../request/arguments.ts";
import {
  type FetchCurlOptions,
  type FetchInit,
  NO_INIT,
  planHead,
  type RequestPlan,
  withBody,
} from "../request/plan.ts";
import type { UploadBody, UploadSource } from "./upload_source.ts";
import { isHttp } from "../request/url.ts";

export type { UploadBody } from "./upload_source.ts";

/** Progress of an {@linkcode upload}. */
export interface UploadProgress {
  /** Bytes sent so far. Starts again from 0 when the body is sent again. */
  readonly bytes: number;
  /** Bytes in all, `null` if unknown. */
  readonly total: number | null;
}

/** Options of {@linkcode upload}. */
export interface UploadOptions extends
  Pick<
    FetchInit,
    "agent" | "timeout" | "connectTimeout" | "cookies" | "maxHeaders" | "retryUnsafe"
  > {
  /** The method for HTTP, PUT unless given. */
  readonly method?: string;
  /** Aborts the upload. */
  readonly signal?: AbortSignal | null;
  /** Headers of the request, for HTTP; Content-Length gives the length of a stream. */
  readonly headers?: HeadersSource;
  /** Options of libcurl by curl's names, such as MAIL_FROM and MAIL_RCPT for smtp. */
  readonly curl?: FetchCurlOptions;
  /**
   * Which uploads are retried, or how often; none unless given. A stream is never sent again. For
   * mail (smtp, imap) POST must be among the methods: a mail that is sent twice may arrive twice.
   */
  readonly retry?: number | RetryOptions;
  /** Called with the progress. An exception of it ends the upload. */
  readonly onProgress?: (progress: UploadProgress) => void;
}

/** Result of {@linkcode upload}. */
export interface UploadResult {
  /** The HTTP status, or the last reply code, such as 226 for ftp; 0 if the protocol has none. */
  readonly status: number;
  /** The number of bytes of the source that were sent. */
  readonly bytes: number;
  /** Data about the last request. */
  readonly info: TransferInfo;
}

/**
 * Uploads a file (given by its path), bytes, a stream or a Blob. A file is sent with the size that
 * it has at the beginning: bytes appended later are not sent, and it is an error if the file
 * becomes shorter. A stream is pulled when libcurl wants more; for protocols that cannot pause,
 * such as `file:`, it is read to its end first. Works with any protocol of libcurl that can send:
 * http, https, ftp, ftps, sftp, scp, file, smtp, smtps, imap.
 *
 * As with `fetch`, an HTTP status is a result and not an error, and redirects are followed by the
 * rules of the fetch standard. A redirect that would need a stream a second time is an error. The
 * body of the response is discarded.
 *
 * @throws {TypeError} if the upload failed; its `cause` is the `CurlEasyError`, or the error of the
 * system for a file that cannot be read, or the error of the stream.
 * @throws the signal's reason if it was aborted.
 *
 * @example
 * ```ts
 * import { upload } from "curlew";
 *
 * const { status, bytes } = await upload("./photo.jpg", "https://example.com/photos/1", {
 *   headers: { "Content-Type": "image/jpeg" },
 *   onProgress: ({ bytes, total }) => console.log(`${bytes} of ${total ?? "?"} bytes`),
 * });
 * console.log(status, bytes);
 * await upload(new TextEncoder().encode("Subject: hi\r\n\r\nHello\r\n"), "smtp://localhost:25", {
 *   curl: { MAIL_FROM: "me@example.com", MAIL_RCPT: ["you@example.com"] },
 * });
 * ```
 */
export async function upload(
  source: UploadBody,
  url: string | URL,
  options: UploadOptions = {},
): Promise<UploadResult> {
  try {
    return await send(source, url, options);
  } catch (error) {
    throw errorOfCall(error, upload);
  }
}

async function send(
  source: UploadBody,
  url: string | URL,
  options: UploadOptions,
): Promise<UploadResult> {
  // the caller may change the bytes, or the folder of the process, before they are read
  const body = typeof source === "string"
    ? absolutePath(source)
    : copyOf(source, "Cannot fetch: the body cannot be read") ?? source;
  if (!isBody(body)) {
    throw typeError(`Cannot upload: expected a path, bytes, a stream or a Blob, got ${show(body)}`);
  }
  const given = readOptions(options), bare = planUpload(url, given);
  const agent = agentOf(given.agent);
  const onProgress = readProgress(given.onProgress, "upload");
  const remaining = countdown(bare.timeout);
  // loaded at the first upload, to keep the start of other programs short
  const { uploadSource } = await loadModules(import("./upload_source.ts"));
  const found = await uploadSource(body, bare, remaining);
  try {
    throwIfAborted(bare.signal);
    const plan = withBody(bare, found.body);
    const make = () => attempt(plan, agent, found, remaining, onProgress);
    const { retry } = given, { replayable } = found.body;
    if (retry === undefined) return resultOf(await make());
    const { failureIn, retried } = await loadModules(import("./retried.ts"));
    const failureOf = ({ end }: Sent) => isHttp(end.plan.url) ? failureIn(end.head) : null;
    const call = "upload";
    return resultOf(await retried({ call, plan, retry, replayable, remaining, make, failureOf }));
  } catch (error) {
    found.body.cancel(error);
    throw error;
  } finally {
    found.close();
  }
}

/** The result of one attempt. */
interface Sent {
  readonly end: ChainResult;
  readonly bytes: number;
}

const resultOf = ({ end: { status, info }, bytes }: Sent): UploadResult => ({
  status,
  bytes,
  info,
});

async function attempt(
  plan: RequestPlan,
  agent: Agent,
  found: UploadSource,
  remaining: () => number,
  onProgress: UploadOptions["onProgress"],
): Promise<Sent> {
  let bytes = 0;
  const end = await runChain(plan, agent, remaining, {
    prepare(request) {
      if (!request.plan.body) return; // a redirect has changed the method to GET
      found.attach(request);
      if (onProgress) report(request, found, onProgress);
    },
    onHead: () => true,
    done(request, error) {
      if (request.plan.body) bytes = found.bytesSent(request);
      found.detach(error);
    },
  });
  if (isHttp(end.plan.url) && !end.head.complete) throw headError(end.plan.url.href);
  return { end, bytes };
}

type Given = { readonly [M in keyof Required<UploadOptions>]: UploadOptions[M] | undefined };

/** Reads each member once, before anything starts. */
function readOptions(options: UploadOptions): Given {
  const given = options ?? {};
  return {
    agent: member(given, "agent"),
    timeout: member(given, "timeout"),
    connectTimeout: member(given, "connectTimeout"),
    retryUnsafe: member(given, "retryUnsafe"),
    cookies: member(given, "cookies"),
    maxHeaders: member(given, "maxHeaders"),
    retry: member(given, "retry"),
    method: `${member(given, "method") ?? "PUT"}`,
    signal: member(given, "signal"),
    headers: member(given, "headers"),
    curl: member(given, "curl"),
    onProgress: member(given, "onProgress"),
  };
}

function planUpload(url: string | URL, given: Given): RequestPlan {
  const {
    method,
    signal,
    headers,
    curl,
    timeout,
    connectTimeout,
    cookies,
    maxHeaders,
    retryUnsafe,
  } = given;
  if (/^(?:get|head)$/i.test(`${method}`)) throw typeError(`Cannot upload with ${method}`);
  const limits = { timeout, connectTimeout, maxHeaders, retryUnsafe };
  return planHead(url, { ...NO_INIT, ...limits, method, signal, headers, curl, cookies });
}

function report(
  request: ChainedRequest,
  source: UploadSource,
  onProgress: (progress: UploadProgress) => void,
): void {
  const { easy, plan } = request;
  let last = -1;
  easy.setOpt("NOPROGRESS", 0);
  easy.setOpt("XFERINFOFUNCTION", () => {
    const bytes = source.bytesSent(request);
    if (bytes !== last) onProgress({ bytes: last = bytes, total: plan.bodyLength });
  });
}
