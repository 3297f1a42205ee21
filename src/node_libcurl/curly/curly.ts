/**
 * `curly`: makes a request and returns a promise.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import type { Curl } from "../curl/curl.ts";
import type { Easy, EasyOptionValue } from "../easy/easy.ts";
import { CurlFeature } from "../enums/transfers.ts";
import { CurlEasyError, CurlError } from "../errors.ts";
import type { CurlyMimePart } from "../mime/describe.ts";
import { easyOption, optionOfCamelCase } from "../tables.ts";
import type { CamelCaseOption } from "../types/camel_case.ts";
import type { CurlOptionName, OnProgress } from "../types/options.ts";
import type { HeaderInfo } from "../types/values.ts";
import {
  type CurlyResponseBodyParser,
  type CurlyResponseBodyParsersProperty,
  defaultParsers,
  findParser,
} from "./parsers.ts";
import { CurlPool } from "./pool.ts";
import { isInstance, messageOf } from "../../untrusted.ts";

/** The options of an easy handle, by curl's names and by the same names in camel case. */
export type CurlOptionValueType =
  & { [N in CurlOptionName]?: EasyOptionValue<N> }
  & { [C in keyof CamelCaseOption]?: EasyOptionValue<CamelCaseOption[C]> };

/** The result of `curly`. */
// deno-lint-ignore no-explicit-any -- node-libcurl's own type
export interface CurlyResult<ResultData = any> {
  /** The body, as the parser returned it. */
  data: ResultData;
  /** The headers, one object for each response. */
  headers: HeaderInfo[];
  /** The status of the last response. */
  statusCode: number;
}

/** The options of `curly`: any option of libcurl, and curly's own. */
export interface CurlyOptions extends CurlOptionValueType {
  /** The callback for the progress of the transfer. */
  curlyProgressCallback?: OnProgress<Easy> | null;
  /** The parser for all bodies; `false` keeps the body as a `Buffer`. */
  curlyResponseBodyParser?: CurlyResponseBodyParser | false;
  /** More parsers by media type, before the default ones. */
  curlyResponseBodyParsers?: CurlyResponseBodyParsersProperty;
  /** A text that is put before the URL, unchanged. */
  curlyBaseUrl?: string;
  /** Whether the names of headers are converted to lower case. */
  curlyLowerCaseHeaders?: boolean;
  /** Whether to resolve when the head has arrived, with the body as a stream. */
  curlyStreamResponse?: boolean;
  /** The high water mark of the response's stream, in bytes. */
  curlyStreamResponseHighWaterMark?: number;
  /** The stream whose bytes are uploaded. */
  curlyStreamUpload?: Readable | null;
  /** The parts of a form to send. */
  curlyMimePost?: CurlyMimePart[];
}

/** The HTTP methods that have a function. */
const METHODS = [
  "acl",
  "bind",
  "checkout",
  "connect",
  "copy",
  "delete",
  "get",
  "head",
  "link",
  "lock",
  "m-search",
  "merge",
  "mkactivity",
  "mkcalendar",
  "mkcol",
  "move",
  "notify",
  "options",
  "patch",
  "post",
  "propfind",
  "proppatch",
  "purge",
  "put",
  "rebind",
  "report",
  "search",
  "source",
  "subscribe",
  "trace",
  "unbind",
  "unlink",
  "unlock",
  "unsubscribe",
] as const;

/** The name of an HTTP method that has a function. */
export type CurlyHttpMethod = (typeof METHODS)[number];

/** A request with the HTTP method that names the function. */
export interface CurlyHttpMethodCall {
  /** Makes the request. */
  // deno-lint-ignore no-explicit-any -- node-libcurl's own type
  <ResultData = any>(url: string, options?: CurlyOptions): Promise<CurlyResult<ResultData>>;
}

/** `curly`, or a function made by `curly.create` with default options. */
export interface CurlyFunction extends Record<CurlyHttpMethod, CurlyHttpMethodCall> {
  /**
   * Makes a request. A status of 400 or more does not reject.
   *
   * @throws {TypeError} synchronously, for an option of the wrong type.
   * @throws {CurlEasyError} for a transfer that failed.
   */
  // deno-lint-ignore no-explicit-any -- node-libcurl's own type
  <ResultData = any>(url: string, options?: CurlyOptions): Promise<CurlyResult<ResultData>>;
  /** Makes another function with these options as defaults. */
  create: (defaultOptions?: CurlyOptions) => CurlyFunction;
  /** The parsers by media type. The object may be changed. */
  defaultResponseBodyParsers: CurlyResponseBodyParsersProperty;
  /** Sets how many `Curl` instances are kept for later requests; by default 0. */
  setObjectPoolLimit: (limit: number) => void;
}

/** The options for an HTTP method. */
function methodOptions(method: CurlyHttpMethod): CurlyOptions {
  if (method === "get") return {};
  if (method === "post") return { post: true };
  return method === "head" ? { nobody: true } : { customRequest: method.toUpperCase() };
}

function create(defaultOptions: CurlyOptions = {}): CurlyFunction {
  const pool = new CurlPool();
  const request = (url: string, options: CurlyOptions = {}) =>
    start(pool, curly.defaultResponseBodyParsers, url, { ...defaultOptions, ...options });
  const curly = request as CurlyFunction;
  curly.create = create;
  curly.setObjectPoolLimit = (limit) => pool.setLimit(limit);
  curly.defaultResponseBodyParsers = defaultParsers();
  for (const method of METHODS) {
    const added = methodOptions(method);
    curly[method] = (url: string, options: CurlyOptions = {}) =>
      request(url, { ...added, ...options });
  }
  return curly;
}

/**
 * Makes a request: `curly(url, options)`, `curly.get(url)`, `curly.post(url, options)`.
 *
 * @example
 * ```ts
 * import { curly } from "curlew/node-libcurl";
 *
 * const { statusCode, data } = await curly.get("https://example.com/", {
 *   followLocation: true,
 *   timeoutMs: 10_000,
 * });
 * console.log(statusCode, data.length);
 * ```
 */
export const curly: CurlyFunction = create();

function start(
  pool: CurlPool,
  parsers: CurlyResponseBodyParsersProperty,
  url: string,
  options: CurlyOptions,
): Promise<CurlyResult> {
  const curl = pool.take();
  try {
    configure(curl, url, options);
  } catch (error) {
    pool.drop(curl);
    throw error;
  }
  return new Promise((resolve, reject) => {
    let stream: Readable | null = null;
    const lower = options.curlyLowerCaseHeaders ? lowerCase : (headers: HeaderInfo[]) => headers;
    curl.on("stream", (body: Readable, statusCode: number, headers: HeaderInfo[]) => {
      stream = body;
      resolve({ statusCode, data: body, headers: lower(headers) });
    });
    curl.on("end", (statusCode: number, data: Buffer, headers: HeaderInfo[]) => {
      pool.give(curl);
      if (stream) return;
      try {
        const parse = findParser(parsers, options, headers), shown = lower(headers);
        resolve({ statusCode, data: parse ? parse(data, shown) : data, headers: shown });
      } catch (error) {
        reject(error);
      }
    });
    curl.on("error", (error: Error, code: number) => {
      pool.give(curl);
      const failure = isInstance(error, CurlError)
        ? error
        : new CurlEasyError(messageOf(error), code, { cause: error });
      if (stream) endStream(stream, failure);
      else reject(failure);
    });
    try {
      curl.perform();
    } catch (error) {
      pool.drop(curl);
      reject(error);
    }
  });
}

/** Passes an error to the stream, since the promise is settled already. */
function endStream(stream: Readable, error: Error): void {
  if (!stream.destroyed) stream.destroy(error);
  // for a stream that its reader has destroyed, an "error" without a listener would be uncaught
  else if (stream.listenerCount("error") > 0) stream.emit("error", error);
}

function configure(curl: Curl, url: string, options: CurlyOptions): void {
  curl.enable(CurlFeature.NoDataParsing);
  curl.setOpt("URL", `${options.curlyBaseUrl || ""}${url}`);
  for (const [key, value] of Object.entries(options)) {
    if (key.startsWith("curly") || value === undefined) continue;
    const name = easyOption(key)?.name ?? optionOfCamelCase(key) ?? key;
    curl.setOpt(name as CurlOptionName, value as never);
  }
  const { curlyProgressCallback: progress, curlyStreamUpload: upload, curlyMimePost } = options;
  const { curlyStreamResponse, curlyStreamResponseHighWaterMark } = options;
  if (progress) {
    if (typeof progress !== "function") {
      throw new TypeError(
        "curlyProgressCallback must be a function: (dltotal, dlnow, ultotal, ulnow) => number",
      );
    }
    if (curlyStreamResponse || upload) curl.setStreamProgressCallback(progress);
    else curl.setProgressCallback(progress);
  }
  if (curlyStreamResponse) {
    curl.enable(CurlFeature.StreamResponse);
    if (curlyStreamResponseHighWaterMark) {
      curl.setStreamResponseHighWaterMark(curlyStreamResponseHighWaterMark);
    }
  }
  if (upload) curl.setUploadStream(upload);
  if (curlyMimePost && curlyMimePost.length > 0) curl.setMimePost(curlyMimePost);
}

function lowerCase(headers: HeaderInfo[]): HeaderInfo[] {
  return headers.map((response) =>
    Object.fromEntries(
      Object.entries(response).map(([name, value]) => [name.toLowerCase(), value]),
    ) as HeaderInfo
  );
}
