/**
 * `RequestPlan`: the arguments of `fetch`, checked and in one form.
 *
 * @module
 */

import type { Agent } from "../../driver/agent.ts";
import type { TransferTap } from "../../handles/core/easy_state.ts";
import type { EasyOptions } from "../../handles/easy/easy.ts";
import type { Share } from "../../handles/share.ts";
import { areOwn, member } from "../../members.ts";
import { isAborted, reasonOf } from "../../signals.ts";
import { isInstance } from "../../untrusted.ts";
import type { CookieJar } from "../cookies/cookie_jar.ts";
import { readJar } from "../cookies/jars.ts";
import {
  asyncBodySource,
  type BodySource,
  bodySource,
  type FetchBody,
  requestSource,
  syncBodySource,
} from "../request_body/source.ts";
import { readNumber, readProgress, readSignal, readVerbose } from "./arguments.ts";
import { fetchError, isTypeError, loadModules, typeError } from "../errors.ts";
import {
  type CurlOptions,
  type FetchOwnOption,
  NO_OPTIONS,
  readCurlOptions,
} from "./curl_options.ts";
import { bodyLength, checkConversions, checkNoBody } from "./framing.ts";
import {
  hasHeader,
  type HeaderEntry,
  type HeadersSource,
  isToken,
  readHeaders,
} from "./headers.ts";
import { readPolicy, referrerFor, type ReferrerPolicy } from "./referrer.ts";
import { newTrail, type Trail } from "./trail.ts";
import { isHttp } from "./url.ts";

/** Progress of a fetch. */
export interface FetchProgress {
  /** Bytes of the response body received, before decoding. */
  readonly downloaded: number;
  /** Bytes of the response body in all, `null` if unknown. */
  readonly downloadTotal: number | null;
  /**
   * Bytes of the request body sent. On HTTP/1.1 a body of unknown length counts with its chunked
   * framing. Starts again from 0 when the body is sent again.
   */
  readonly uploaded: number;
  /** Bytes of the request body in all, `null` if unknown. */
  readonly uploadTotal: number | null;
}

/** Options of libcurl for the easy handle; `fetch` refuses those that it sets itself. */
export type FetchCurlOptions = Omit<EasyOptions, FetchOwnOption>;

/** Options of `fetch`: the members of the standard, and those of curlew. */
export interface FetchInit {
  /** `GET` unless given. */
  readonly method?: string;
  /** The headers. For an object or an array, HTTP/1 requests keep their order and letter case. */
  readonly headers?: HeadersSource;
  /** The body. A stream can be sent only once, so not again for a redirect. */
  readonly body?: FetchBody | null;
  /** `"follow"` unless given; `"manual"` returns the 3xx response, `"error"` rejects. */
  readonly redirect?: "follow" | "error" | "manual";
  /** Aborts the fetch or, after the response, its body; either fails with the signal's reason. */
  readonly signal?: AbortSignal | null;
  /** Accepted without effect: a fetch ends with the process. */
  readonly keepalive?: boolean;
  /** The URL of the Referer header, reduced by the policy; none unless given. */
  readonly referrer?: string;
  /** Subresource integrity: `sha256-…`, `sha384-…`, `sha512-…` in base64. */
  readonly integrity?: string;
  /** Accepted without effect: uploads and downloads always run at the same time. */
  readonly duplex?: "half" | "full";
  /** Accepted without effect: there is no cache. */
  readonly cache?: string;
  /** Accepted without effect: cookies are controlled by `cookies` and by options of `curl`. */
  readonly credentials?: string;
  /** Accepted without effect: there is no CORS. */
  readonly mode?: string;
  /** Accepted without effect. */
  readonly priority?: string;
  /**
   * How much of the referrer is sent. By default another origin gets only the referrer's origin.
   */
  readonly referrerPolicy?: ReferrerPolicy;
  /** Accepted if it is `null`, as in the standard. */
  readonly window?: null;
  /** Options of libcurl for the easy handle, by curl's names. */
  readonly curl?: FetchCurlOptions;
  /** The agent that runs the transfer; the default agent, which all calls share, unless given. */
  readonly agent?: Agent;
  /**
   * The jar whose cookies are sent, and which stores those of the responses; none unless given.
   * `curl` must not have SHARE, COOKIEFILE, COOKIEJAR and COOKIELIST then.
   */
  readonly cookies?: CookieJar | null;
  /**
   * The time limit for the whole call, to the end of the body, in ms; 0, the default, is no limit.
   */
  readonly timeout?: number;
  /** The time limit for connecting, name lookup and TLS included, in ms. */
  readonly connectTimeout?: number;
  /**
   * The largest size of the decoded response body, in bytes. By default there is no limit, except
   * that bytes which arrive together may not unpack to more than 256 MiB; a limit given here, lower
   * or higher, replaces that one.
   */
  readonly maxBodySize?: number;
  /**
   * The largest number of header fields of a response, trailers included; 2000 unless given. Newer
   * libcurls accept 5000 at most.
   */
  readonly maxHeaders?: number;
  /**
   * Whether a request that is not idempotent, such as a POST, is repeated where a kept connection
   * has ended before the response began; the server may then get the request twice. Unless it is
   * true the fetch rejects. GET, HEAD, OPTIONS, PUT and DELETE are always repeated. A body that is
   * a stream is never sent again.
   */
  readonly retryUnsafe?: boolean;
  /** Called with the progress. An exception of it ends the fetch. */
  readonly onProgress?: (progress: FetchProgress) => void;
  /**
   * Called with each line that `curl -v` prints, without its end; `true` prints them to standard
   * error. Credentials, cookies, values of queries, and headers that are not known to be harmless
   * are replaced by `REDACTED`. If the function throws, that is reported once, and it is not called
   * again.
   */
  readonly verbose?: boolean | ((line: string) => void);
}

/** The members of `init`, each read once. */
export type InitMembers = { readonly [M in MemberName]: FetchInit[M] | undefined };

type MemberName = Exclude<
  keyof FetchInit,
  "keepalive" | "duplex" | "cache" | "credentials" | "mode" | "priority" | "window"
>;

const MEMBERS: readonly MemberName[] = [
  ...["method", "headers", "body", "redirect", "signal", "referrer", "integrity"] as const,
  ...["referrerPolicy", "curl", "agent", "cookies", "timeout", "connectTimeout"] as const,
  ...["maxBodySize", "maxHeaders", "retryUnsafe", "onProgress", "verbose"] as const,
];

/** Reads the members of `init` that have an effect, each once, before anything starts. */
export function readInit(init: FetchInit | undefined): InitMembers {
  return init === undefined ? NO_INIT : readMembers(init ?? {});
}

/** Reads each member. Written out twice: a call for each costs a short program much of its time. */
function readMembers(given: FetchInit): InitMembers {
  if (!areOwn(MEMBERS)) return readEach(given);
  return {
    method: given.method,
    headers: given.headers,
    body: given.body,
    redirect: given.redirect,
    signal: given.signal,
    referrer: given.referrer,
    integrity: given.integrity,
    referrerPolicy: given.referrerPolicy,
    curl: given.curl,
    agent: given.agent,
    cookies: given.cookies,
    timeout: given.timeout,
    connectTimeout: given.connectTimeout,
    maxBodySize: given.maxBodySize,
    maxHeaders: given.maxHeaders,
    retryUnsafe: given.retryUnsafe,
    onProgress: given.onProgress,
    verbose: given.verbose,
  };
}

function readEach(given: FetchInit): InitMembers {
  return Object.fromEntries(MEMBERS.map((name) => [name, member(given, name)])) as InitMembers;
}

/** No member. */
export const NO_INIT: InitMembers = readMembers({});

/** One request, with everything that is needed to make it. */
export interface RequestPlan {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly HeaderEntry[];
  readonly body: BodySource | null;
  /** The length of the body in bytes, `null` if unknown. */
  readonly bodyLength: number | null;
  readonly redirect: "follow" | "error" | "manual";
  readonly signal: AbortSignal | null;
  /** The value of Referer, `""` for none. */
  readonly referrer: string;
  readonly referrerPolicy: ReferrerPolicy;
  readonly integrity: string;
  readonly curl: CurlOptions;
  /** Cookies from the redirects before, as lines of COOKIELIST. */
  readonly cookies: readonly string[];
  /** The share handle of the caller's jar, `null` for no jar. */
  readonly jar: Share | null;
  readonly timeout: number;
  readonly connectTimeout: number | undefined;
  readonly maxBodySize: number;
  /** Whether the caller has given that limit, `Infinity` included. */
  readonly limitsBody: boolean;
  readonly maxHeaders: number;
  readonly retryUnsafe: boolean;
  /** Whether the request is sent again, since it was lost with a kept connection. */
  readonly isRepeat: boolean;
  readonly onProgress: ((progress: FetchProgress) => void) | undefined;
  /** Receives the trace for `verbose`, `null` for none. */
  readonly verbose: TransferTap | null;
  /** The trail for observers, which redirects and retries share. */
  readonly trail: Trail | null;
}

const NORMALIZED = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);
const FORBIDDEN = new Set(["CONNECT", "TRACE", "TRACK"]);

function readMethod(method: unknown): string {
  if (method === "GET") return method;
  const text = String(method), upper = text.toUpperCase();
  if (!isToken(text)) throw typeError(`Cannot fetch: "${text}" is not a method`);
  if (FORBIDDEN.has(upper)) throw typeError(`Cannot fetch: the method ${upper} is forbidden`);
  return NORMALIZED.has(upper) ? upper : text;
}

function readRequestUrl(input: string | URL): URL {
  try {
    return new URL(input);
  } catch {
    // not the runtime's error as a cause: it quotes the URL, which may have credentials
    const isRelative = typeof input === "string" && !/^\s*[a-z][a-z\d+.-]*:/i.test(input);
    const why = isRelative ? "the URL is relative: an absolute one is needed" : "invalid URL";
    throw typeError(`Cannot fetch: ${why}`);
  }
}

/**
 * Reads the arguments of `fetch`. Returns a promise if there is a body. Throws `TypeError` for
 * arguments that the standard refuses.
 */
export function planRequest(
  input: string | URL | Request,
  init: InitMembers,
): RequestPlan | Promise<RequestPlan> {
  if (init === NO_INIT && typeof input === "string") return plainPlan(input);
  const request = requestOf(input), plan = planHead(input, init);
  const given = givenBody(request, init, plan.method), verbose = readVerbose(init.verbose);
  if (given === null) checkNoBody(plan.headers);
  const planned = given === null ? plan : planBody(plan, init, given);
  return verbose ? withVerbose(planned, verbose) : planned;
}

async function withVerbose(
  planned: RequestPlan | Promise<RequestPlan>,
  verbose: true | ((line: string) => void),
): Promise<RequestPlan> {
  const plan = await planned;
  try {
    const { Verbose } = await loadModules(import("./verbose.ts"));
    return { ...plan, verbose: new Verbose(verbose) };
  } catch (error) {
    plan.body?.cancel(error);
    throw error;
  }
}

let plain: RequestPlan | undefined;

/** The plan of a GET without options, the most frequent request. */
function plainPlan(url: string): RequestPlan {
  plain ??= planHead("http://localhost", NO_INIT);
  return { ...plain, url: readRequestUrl(url), trail: newTrail() };
}

/** The input, if it is a `Request`, else `null`. */
const requestOf = (input: unknown): Request | null =>
  typeof input !== "string" && isInstance(input, Request) ? input : null;

async function planBody(
  plan: RequestPlan,
  init: InitMembers,
  given: FetchBody,
): Promise<RequestPlan> {
  const { signal } = plan;
  if (signal && isAborted(signal)) {
    const reason = reasonOf(signal);
    asyncBodySource(given)?.cancel(reason); // synchronously, as the standard says
    throw reason;
  }
  const isRequests = init.body === undefined && isInstance(given, ReadableStream);
  const body = await (isRequests ? requestSource(given) : bodySource(given));
  try {
    return withBody(plan, body);
  } catch (error) {
    body.cancel(error);
    throw error;
  }
}

/**
 * Reads the arguments of `fetchSync`. Throws `TypeError` for a body that can only be read
 * asynchronously, too.
 */
export function planRequestSync(input: string | URL, init: InitMembers): RequestPlan {
  const request = requestOf(input), plan = planHead(input, init);
  const given = givenBody(request, init, plan.method);
  if (given === null) {
    checkNoBody(plan.headers);
    return plan;
  }
  const body = syncBodySource(given);
  if (body) return withBody(plan, body);
  throw typeError("Cannot fetch: the body must be a string, URLSearchParams or bytes");
}

/** The limit of Node.js and its fetch. */
const MAX_HEADERS = 2000;

const NO_COOKIES: readonly string[] = [];

/** Reads the arguments of a request whose body is added later, by {@linkcode withBody}. */
export function planHead(input: string | URL | Request, init: InitMembers): RequestPlan {
  const request = requestOf(input);
  // a member that the runtime does not have is not read: Object.prototype could have one of that
  // name
  const its = <M extends keyof Request>(name: M) => request ? member(request, name) : undefined;
  const url = readRequestUrl(request ? request.url : input as string | URL);
  const { referrer, referrerPolicy } = readReferrer(
    `${init.referrer ?? its("referrer") ?? ""}`,
    `${init.referrerPolicy ?? its("referrerPolicy") ?? ""}`,
    url,
  );
  const curl = init.curl ? readCurl(init.curl, url) : NO_OPTIONS;
  readVerbose(init.verbose); // called also for the checks of a session's defaults
  return {
    url,
    referrer,
    referrerPolicy,
    method: readMethod(init.method ?? its("method") ?? "GET"),
    headers: readHeaders(init.headers ?? its("headers")),
    body: null,
    bodyLength: null,
    redirect: readRedirect(init.redirect ?? its("redirect") ?? "follow"),
    signal: readSignal(init.signal !== undefined ? init.signal : its("signal") ?? null),
    integrity: `${init.integrity ?? its("integrity") ?? ""}`,
    curl,
    cookies: NO_COOKIES,
    jar: readJar(init.cookies, curl),
    timeout: readNumber("timeout", init.timeout ?? 0, 0x7fffffff),
    connectTimeout: init.connectTimeout === undefined
      ? undefined
      : readNumber("connectTimeout", init.connectTimeout, 0x7fffffff),
    maxBodySize: readNumber("maxBodySize", init.maxBodySize ?? Infinity, Infinity),
    limitsBody: init.maxBodySize !== undefined && init.maxBodySize !== null,
    maxHeaders: readNumber("maxHeaders", init.maxHeaders ?? MAX_HEADERS, Infinity),
    retryUnsafe: init.retryUnsafe === true,
    isRepeat: false,
    onProgress: readProgress(init.onProgress),
    verbose: null, // added by `withVerbose`
    trail: newTrail(),
  };
}

function readCurl(options: FetchCurlOptions, url: URL): CurlOptions {
  try {
    return readCurlOptions(options);
  } catch (error) {
    throw isTypeError(error) ? error : fetchError(error, url.href);
  }
}

function givenBody(
  request: Request | null,
  init: InitMembers,
  method: string,
): FetchBody | null {
  const source = init.body === undefined ? request : null;
  const given = source ? source.body : init.body ?? null;
  if (given !== null && (method === "GET" || method === "HEAD")) {
    throw typeError(`Cannot fetch: a ${method} request has no body`);
  }
  if (source?.bodyUsed) {
    throw typeError("Cannot fetch: the body of the Request is used already");
  }
  return given;
}

/** Adds a body with its type and length. Throws `TypeError` for headers that contradict it. */
export function withBody(plan: RequestPlan, body: BodySource): RequestPlan {
  const headers = [...plan.headers];
  if (body.type && !hasHeader(headers, "content-type")) headers.push(["Content-Type", body.type]);
  const length = bodyLength(headers, body.length, plan.curl);
  if (isHttp(plan.url)) checkConversions(plan.curl);
  return { ...plan, headers, body, bodyLength: length };
}

/**
 * The plan with another URL and headers. Throws `TypeError` for headers that contradict its body.
 */
export function withChanges(
  plan: RequestPlan,
  url: URL,
  headers: readonly HeaderEntry[],
): RequestPlan {
  const { body, referrerPolicy, curl } = plan;
  const length = body ? bodyLength(headers, body.length, curl) : null;
  if (!body) checkNoBody(headers);
  const referrer = referrerFor(plan.referrer, referrerPolicy, url);
  return { ...plan, url, headers: readHeaders(headers), bodyLength: length, referrer };
}

function readRedirect(redirect: string): "follow" | "error" | "manual" {
  if (redirect === "follow" || redirect === "error" || redirect === "manual") return redirect;
  throw typeError(`Cannot fetch: unknown redirect mode "${redirect}"`);
}

type Referrer = Pick<RequestPlan, "referrer" | "referrerPolicy">;

function readReferrer(given: string, policy: string, url: URL): Referrer {
  const referrerPolicy = readPolicy(policy);
  if (given !== "") readRequestUrl(given);
  return { referrer: referrerFor(given, referrerPolicy, url), referrerPolicy };
}
