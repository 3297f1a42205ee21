/**
 * What the caller asked for, checked and in one form.
 *
 * @module
 */

import type { Agent } from "../../driver/agent.ts";
import type { EasyOptions } from "../../handles/easy/easy.ts";
import {
  type BodySource,
  bodySource,
  type FetchBody,
  requestSource,
  syncBodySource,
} from "../request_body/source.ts";
import { readNumber, readProgress, readSignal } from "./arguments.ts";
import { checkCurlOptions } from "./curl_options.ts";
import {
  hasHeader,
  type HeaderEntry,
  type HeadersSource,
  isToken,
  readHeaders,
} from "./headers.ts";
import { readPolicy, referrerFor, type ReferrerPolicy } from "./referrer.ts";

/** How far a fetch is. */
export interface FetchProgress {
  /** Bytes of the answer's body received, before decoding. */
  readonly downloaded: number;
  /** Bytes of the body expected, `null` where the server did not say. */
  readonly downloadTotal: number | null;
  /**
   * Bytes of the body sent, on HTTP/1.1 with the framing of chunks where its length is unknown.
   * Goes down where the server has it start over.
   */
  readonly uploaded: number;
  /** Bytes of the body to send, `null` where unknown. */
  readonly uploadTotal: number | null;
}

/** The options of easy handles that `fetch` leaves to the caller. */
export type FetchCurlOptions = EasyOptions;

/** What `fetch` takes beside the URL: the standard's members, and curlew's. */
export interface FetchInit {
  /** `GET` unless given. */
  readonly method?: string;
  /** In an object or an array, order and letter case reach the wire on HTTP/1. */
  readonly headers?: HeadersSource;
  /** What is sent; a stream is sent once, and not again for a redirect. */
  readonly body?: FetchBody | null;
  /** `"follow"` unless given; `"manual"` gives the 3xx itself. */
  readonly redirect?: "follow" | "error" | "manual";
  /** Ends the fetch, or the body that it gave; both fail with the signal's reason. */
  readonly signal?: AbortSignal | null;
  /** Accepted: the fetch lives as long as the process. */
  readonly keepalive?: boolean;
  /** The URL of the Referer header, as far as the policy lets it be seen; none unless given. */
  readonly referrer?: string;
  /** Subresource integrity: `sha256-…`, `sha384-…`, `sha512-…` in base64. */
  readonly integrity?: string;
  /** Accepted for streams, as the standard asks for it; curlew is always full duplex. */
  readonly duplex?: "half" | "full";
  /** Accepted: there is no cache. */
  readonly cache?: string;
  /** Accepted: cookies are an option of `curl`. */
  readonly credentials?: string;
  /** Accepted: there is no CORS. */
  readonly mode?: string;
  /** Accepted. */
  readonly priority?: string;
  /** How much of the referrer is sent; another origin sees only its origin unless given. */
  readonly referrerPolicy?: ReferrerPolicy;
  /** Accepted where it is `null`, as the standard has it. */
  readonly window?: null;
  /** Options of the easy handle by curl's name. */
  readonly curl?: FetchCurlOptions;
  /** The agent to run on; one for all unless given. */
  readonly agent?: Agent;
  /** How long it may take until the body has ended, in ms; 0 for any time. */
  readonly timeout?: number;
  /** How long it may take until TLS is set up, in ms. */
  readonly connectTimeout?: number;
  /** How large the decoded body may be, in bytes. */
  readonly maxBodySize?: number;
  /** Told how far it is. */
  readonly onProgress?: (progress: FetchProgress) => void;
}

/** A request that can be made. */
export interface RequestPlan {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly HeaderEntry[];
  readonly body: BodySource | null;
  /** How many bytes it has, `null` where unknown. */
  readonly bodyLength: number | null;
  readonly redirect: "follow" | "error" | "manual";
  readonly signal: AbortSignal | null;
  /** What is sent as Referer, `""` for nothing. */
  readonly referrer: string;
  readonly referrerPolicy: ReferrerPolicy;
  readonly integrity: string;
  readonly curl: FetchCurlOptions;
  /** What the cookie engine knows from the hops before, as lines of COOKIELIST. */
  readonly cookies: readonly string[];
  readonly timeout: number;
  readonly connectTimeout: number | undefined;
  readonly maxBodySize: number;
  readonly onProgress: ((progress: FetchProgress) => void) | undefined;
}

const NORMALIZED = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);
const FORBIDDEN = new Set(["CONNECT", "TRACE", "TRACK"]);

function readMethod(method: unknown): string {
  if (method === "GET") return method;
  const text = String(method), upper = text.toUpperCase();
  if (!isToken(text)) throw new TypeError(`Cannot fetch: "${text}" is no method`);
  if (FORBIDDEN.has(upper)) throw new TypeError(`Cannot fetch: the method ${upper} is forbidden`);
  return NORMALIZED.has(upper) ? upper : text;
}

function readRequestUrl(input: string | URL): URL {
  try {
    return new URL(input);
  } catch {
    // without the runtime's own error: it quotes the URL, which may have credentials
    throw new TypeError("Cannot fetch: invalid URL");
  }
}

/**
 * Reads the arguments of `fetch`; a promise where the body is to be awaited. Throws `TypeError` for
 * what the standard refuses.
 */
export function planRequest(
  input: string | URL | Request,
  init: FetchInit = {},
): RequestPlan | Promise<RequestPlan> {
  const plan = planWithoutBody(input, init), given = givenBody(input, init, plan.method);
  return given === null ? plan : planBody(plan, init, given);
}

async function planBody(
  plan: RequestPlan,
  init: FetchInit,
  given: FetchBody,
): Promise<RequestPlan> {
  const isRequests = init.body === undefined && given instanceof ReadableStream;
  const body = await (isRequests ? requestSource(given) : bodySource(given));
  try {
    return withBody(plan, body);
  } catch (error) {
    body.cancel(error);
    throw error;
  }
}

/** The same without waiting. Throws `TypeError` for a body that is to be awaited, too. */
export function planRequestSync(input: string | URL, init: FetchInit = {}): RequestPlan {
  const plan = planWithoutBody(input, init), given = givenBody(input, init, plan.method);
  if (given === null) return plan;
  const body = syncBodySource(given);
  if (body) return withBody(plan, body);
  throw new TypeError("Cannot fetch: the body must be a string, URLSearchParams or bytes");
}

const NONE: FetchCurlOptions = {}, NO_COOKIES: readonly string[] = [];

function planWithoutBody(input: string | URL | Request, init: FetchInit): RequestPlan {
  const request = typeof input !== "string" && input instanceof Request ? input : null;
  const url = readRequestUrl(request ? request.url : input as string | URL);
  const { referrer, referrerPolicy } = readReferrer(init, request, url);
  return {
    url,
    referrer,
    referrerPolicy,
    method: readMethod(init.method ?? request?.method ?? "GET"),
    headers: readHeaders(init.headers ?? request?.headers),
    body: null,
    bodyLength: null,
    redirect: readRedirect(init.redirect ?? request?.redirect ?? "follow"),
    signal: readSignal(init.signal !== undefined ? init.signal : request?.signal ?? null),
    integrity: `${init.integrity ?? request?.integrity ?? ""}`,
    curl: init.curl ? checkCurlOptions(init.curl) : NONE,
    cookies: NO_COOKIES,
    timeout: readNumber("timeout", init.timeout ?? 0, 0x7fffffff),
    connectTimeout: init.connectTimeout === undefined
      ? undefined
      : readNumber("connectTimeout", init.connectTimeout, 0x7fffffff),
    maxBodySize: readNumber("maxBodySize", init.maxBodySize ?? Infinity, Infinity),
    onProgress: readProgress(init.onProgress),
  };
}

function givenBody(
  input: string | URL | Request,
  init: FetchInit,
  method: string,
): FetchBody | null {
  const takes = init.body === undefined && typeof input !== "string";
  const request = takes && input instanceof Request ? input : null;
  const given = request ? request.body : init.body ?? null;
  if (given !== null && (method === "GET" || method === "HEAD")) {
    throw new TypeError(`Cannot fetch: a ${method} request has no body`);
  }
  if (request?.bodyUsed) {
    throw new TypeError("Cannot fetch: the body of the Request is used already");
  }
  return given;
}

/** Adds a body, and what it implies. Throws `TypeError` for a Content-Length that is not its own. */
export function withBody(plan: RequestPlan, body: BodySource): RequestPlan {
  const headers = [...plan.headers];
  if (body.type && !hasHeader(headers, "content-type")) headers.push(["Content-Type", body.type]);
  return { ...plan, headers, body, bodyLength: readLength(body, headers) };
}

/** The length of a stream is what the caller says. */
function readLength(body: BodySource, headers: readonly HeaderEntry[]): number | null {
  const text = headers.find(([name]) => name.toLowerCase() === "content-length")?.[1];
  if (text === undefined || text === null) return body.length;
  const length = Number(text);
  if (/^\d+$/.test(text) && length === (body.length ?? length)) return length;
  throw new TypeError(`Cannot fetch: the length of the body is not the Content-Length "${text}"`);
}

function readRedirect(redirect: string): "follow" | "error" | "manual" {
  if (redirect === "follow" || redirect === "error" || redirect === "manual") return redirect;
  throw new TypeError(`Cannot fetch: unknown redirect mode "${redirect}"`);
}

type Referrer = Pick<RequestPlan, "referrer" | "referrerPolicy">;

function readReferrer(init: FetchInit, request: Request | null, url: URL): Referrer {
  const given = init.referrer ?? request?.referrer ?? "";
  const referrerPolicy = readPolicy(init.referrerPolicy ?? request?.referrerPolicy ?? "");
  if (given !== "") readRequestUrl(given);
  return { referrer: referrerFor(given, referrerPolicy, url), referrerPolicy };
}
