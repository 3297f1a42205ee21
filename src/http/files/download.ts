/**
 * Downloads into files.
 *
 * @module
 */

import { agentOf } from "../default_agent.ts";
import { fileError, loadModules } from "../errors.ts";
import { hasHeader, type HeadersSource, readHeaders } from "../request/headers.ts";
import type { DownloadProgress, DownloadResult } from "./download_job.ts";
import { readProgress } from "../request/arguments.ts";
import {
  type FetchCurlOptions,
  type FetchInit,
  planRequest,
  type RequestPlan,
} from "../request/plan.ts";

/** What {@linkcode download} takes. */
export interface DownloadOptions extends Pick<FetchInit, "agent" | "timeout" | "connectTimeout"> {
  /** Ends the download; what has come stays for the next attempt. */
  readonly signal?: AbortSignal | null;
  /** Headers of the request, for HTTP. A Range of your own gets that range, and no resume. */
  readonly headers?: HeadersSource;
  /**
   * Options of the easy handle by curl's name. With ACCEPT_ENCODING the body is decoded on its
   * way, and there is no resume.
   */
  readonly curl?: FetchCurlOptions;
  /** Whether to go on where an earlier attempt ended, as it does by default. */
  readonly resume?: boolean;
  /**
   * Whether a file that is there is replaced: by default it is, but never one whose name is the
   * server's choice.
   */
  readonly overwrite?: boolean;
  /** Told how far it is. What it throws ends the download. */
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/**
 * Downloads to a file at native speed: libcurl writes it, no byte passes through JavaScript. Any
 * protocol of libcurl will do: http, https, ftp, ftps, sftp, scp, file and so on.
 *
 * The file appears only when all of it is there. Until then its bytes are in a hidden file beside
 * it, `.NAME.curlew-part`. After a failure or an abort that stays, if it can be of use: the next
 * attempt asks for the rest, on condition that the file is still the same (by its strong ETag or
 * date; for ftp, sftp and file by its time of change and size), else for the whole. Redirects are
 * followed as by `fetch`. The content is kept as the server has it: no encoding is asked for.
 *
 * Where `path` is a folder, the server's Content-Disposition gives the name, else the URL; either
 * is reduced to a base name that is safe on any system. A link is followed, a device written as it
 * is.
 *
 * @throws {TypeError} where there is no complete file; its `cause` is the `CurlEasyError`, or the
 * system's error. An HTTP status outside 200–299 is one, too.
 * @throws the signal's reason where it aborted.
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
  const plan = await planDownload(url, options);
  plan.signal?.throwIfAborted();
  const agent = agentOf(options.agent), { resume = true, overwrite } = options;
  const onProgress = readProgress(options.onProgress, "download");
  if (typeof path !== "string") throw new TypeError("Cannot download: the path must be a string");
  // what only a download needs is not loaded before there is one
  const [{ findDestination }, { DownloadJob }] = await loadModules(Promise.all([
    import("./destination.ts"),
    import("./download_job.ts"),
  ]));
  const open = async () => {
    const destination = await findDestination(path, plan.url, overwrite);
    return { destination, sink: await destination.open() };
  };
  const { destination, sink } = await open().catch((cause) => {
    throw fileError("write", path, cause);
  });
  try {
    return await new DownloadJob(plan, agent, destination, sink, resume, onProgress).run();
  } catch (error) {
    await sink.closeUnfinished().catch(() => {}); // the first failure is the one to tell of
    throw error;
  }
}

async function planDownload(url: string | URL, options: DownloadOptions): Promise<RequestPlan> {
  const { headers, signal = null, curl = {}, timeout = 0, connectTimeout } = options;
  for (const name of ["RESUME_FROM", "RESUME_FROM_LARGE"] as const) {
    if (name in curl) throw new TypeError(`Cannot set ${name} for download: use options.resume`);
  }
  const lines = readHeaders(headers);
  if (!hasHeader(lines, "accept-encoding") && (curl.ACCEPT_ENCODING ?? null) === null) {
    lines.push(["Accept-Encoding", "identity"]);
  }
  return await planRequest(url, {
    signal,
    timeout,
    headers: lines,
    curl: { ACCEPT_ENCODING: null, ...curl },
    ...(connectTimeout === undefined ? {} : { connectTimeout }),
  });
}
