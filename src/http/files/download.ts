/**
 * `download`: downloads into files.
 *
 * @module
 */

import { member } from "../../members.ts";
import { throwIfAborted } from "../../signals.ts";
import { agentOf } from "../default_agent.ts";
import { errorOfCall, fileError, loadModules, typeError } from "../errors.ts";
import { hasHeader, type HeadersSource, readHeaders } from "../request/headers.ts";
import type { DownloadProgress, DownloadResult } from "./download_job.ts";
import { readProgress } from "../request/arguments.ts";
import type { RetryOptions } from "../retry/policy.ts";
import { countdown } from "../transfer/countdown.ts";
import {
  type FetchCurlOptions,
  type FetchInit,
  NO_INIT,
  planRequest,
  type RequestPlan,
} from "../request/plan.ts";

/** Options of {@linkcode download}. */
export interface DownloadOptions
  extends Pick<FetchInit, "agent" | "timeout" | "connectTimeout" | "cookies" | "maxHeaders"> {
  /** Aborts the download. The bytes that have arrived are kept for the next attempt. */
  readonly signal?: AbortSignal | null;
  /** Headers of the request, for HTTP. With a Range header the download cannot be resumed. */
  readonly headers?: HeadersSource;
  /**
   * Options of libcurl for the easy handle, by curl's names. With ACCEPT_ENCODING the body is
   * decoded, and the download cannot be resumed.
   */
  readonly curl?: FetchCurlOptions;
  /** Whether to continue where an earlier attempt ended; true unless given. */
  readonly resume?: boolean;
  /**
   * Whether an existing file is replaced. By default it is, unless the server has chosen its name.
   */
  readonly overwrite?: boolean;
  /**
   * Which downloads are retried, or how often; none unless given. The next attempt continues where
   * the last one has ended, if the download can be resumed.
   */
  readonly retry?: number | RetryOptions;
  /** Called with the progress. An exception of it ends the download. */
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/**
 * Downloads to a file at native speed: libcurl writes the file, and no byte passes through
 * JavaScript. Works with any protocol of libcurl: http, https, ftp, ftps, sftp, scp, file and so
 * on.
 *
 * The file appears only when it is complete. Until then its bytes are in a hidden file beside it,
 * `.NAME.curlew-part`, which is kept after a failure or an abort if the download can be resumed.
 * That file has the permissions of the file that it will replace; without one, only the user may
 * read it. The next attempt requests the rest, provided that the remote file has not changed (by
 * its strong ETag or date; for ftp, sftp and file by its modification time and size), else the
 * whole file. Redirects are followed as by `fetch`. No content encoding is requested.
 *
 * If `path` is a folder, the file is named by Content-Disposition, else by the URL; either is
 * reduced to a base name that is safe on any system. A symbolic link is followed, one without a
 * target is replaced, a device is written to directly.
 *
 * @throws {TypeError} if the file is not complete; its `cause` is the `CurlEasyError`, or the error
 * of the system. An HTTP status outside 200–299 is an error, too.
 * @throws the signal's reason if it was aborted.
 *
 * @example
 * ```ts
 * import { download } from "curlew";
 *
 * const { path, bytes, resumed } = await download("https://example.com/big.iso", "./big.iso", {
 *   onProgress: ({ bytes, total }) => console.log(`${bytes} of ${total ?? "?"} bytes`),
 *   curl: { LOW_SPEED_LIMIT: 1, LOW_SPEED_TIME: 30 },
 * });
 * console.log(path, bytes, resumed);
 * ```
 */
export async function download(
  url: string | URL,
  path: string,
  options: DownloadOptions = {},
): Promise<DownloadResult> {
  try {
    return await receive(url, path, options);
  } catch (error) {
    throw errorOfCall(error, download);
  }
}

async function receive(
  url: string | URL,
  path: string,
  options: DownloadOptions,
): Promise<DownloadResult> {
  const given = readOptions(options), plan = await planDownload(url, given);
  throwIfAborted(plan.signal);
  const agent = agentOf(given.agent), { resume = true, overwrite } = given;
  const onProgress = readProgress(given.onProgress, "download");
  if (typeof path !== "string") throw typeError("Cannot download: the path must be a string");
  // loaded at the first download, to keep the start of other programs short
  const [{ findDestination }, { DownloadJob }] = await loadModules(Promise.all([
    import("./destination.ts"),
    import("./download_job.ts"),
  ]));
  const open = async () => {
    const destination = await findDestination(path, plan.url, overwrite);
    return { destination, sink: destination.open() };
  };
  const remaining = countdown(plan.timeout);
  const make = async () => {
    const { destination, sink } = await open().catch((cause) => {
      throw fileError("write", path, cause);
    });
    try {
      const job = new DownloadJob(plan, agent, destination, sink, resume, onProgress, remaining);
      return await job.run();
    } catch (error) {
      try {
        sink.closeUnfinished();
      } catch {
        // the first failure is reported
      }
      throw error;
    }
  };
  const { retry } = given, call = "download", replayable = true, failureOf = () => null;
  if (retry === undefined) return await make();
  const { retried } = await loadModules(import("./retried.ts"));
  return await retried({ call, plan, retry, replayable, remaining, make, failureOf });
}

type Given = { readonly [M in keyof Required<DownloadOptions>]: DownloadOptions[M] | undefined };

/** Reads each member once, before anything starts. */
function readOptions(options: DownloadOptions): Given {
  const given = options ?? {};
  return {
    agent: member(given, "agent"),
    timeout: member(given, "timeout"),
    connectTimeout: member(given, "connectTimeout"),
    cookies: member(given, "cookies"),
    maxHeaders: member(given, "maxHeaders"),
    signal: member(given, "signal"),
    headers: member(given, "headers"),
    curl: member(given, "curl"),
    resume: member(given, "resume"),
    retry: member(given, "retry"),
    overwrite: member(given, "overwrite"),
    onProgress: member(given, "onProgress"),
  };
}

async function planDownload(url: string | URL, given: Given): Promise<RequestPlan> {
  const { signal, timeout, connectTimeout, curl, cookies, maxHeaders } = given;
  const headers = readHeaders(given.headers);
  const init = { ...NO_INIT, signal, timeout, connectTimeout, curl, cookies, maxHeaders };
  const plan = await planRequest(url, init);
  for (const name of ["RESUME_FROM", "RESUME_FROM_LARGE"] as const) {
    if (!plan.curl.has(name)) continue;
    throw typeError(`Cannot set ${name} for download: use options.resume`);
  }
  const isDecoded = (plan.curl.get("ACCEPT_ENCODING") ?? null) !== null;
  if (!isDecoded && !hasHeader(headers, "accept-encoding")) {
    headers.push(["Accept-Encoding", "identity"]);
  }
  return { ...plan, headers, curl: new Map([["ACCEPT_ENCODING", null], ...plan.curl]) };
}
