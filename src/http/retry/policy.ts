/**
 * The option `retry`: which requests are retried, how often and when.
 *
 * @module
 */

import { easyCodes } from "../../../ffi/curl/codes.ts";
import { member } from "../../members.ts";
import { isToken } from "../request/headers.ts";
import { checkNames, wrong } from "../shown.ts";

/** The argument of {@linkcode RetryOptions.onRetry}. */
export interface RetryEvent {
  /** The number of the retry that follows: 1 for the first. */
  readonly attempt: number;
  /** How long the pause before it is, in ms. */
  readonly delay: number;
  /** The HTTP status that is the reason, `null` if there was an error. */
  readonly status: number | null;
  /** The error that is the reason, `undefined` if there was a response. */
  readonly error: unknown;
  /** The response that is the reason, where the call gives responses; it is discarded afterwards. */
  readonly response: Response | null;
}

/** Which requests are retried, how often and when. */
export interface RetryOptions {
  /** The largest number of retries after the first attempt; 2 unless given. */
  readonly limit?: number | undefined;
  /** The methods; GET, HEAD, PUT, DELETE, OPTIONS and TRACE unless given. */
  readonly methods?: Iterable<string> | undefined;
  /** The statuses of responses; 408, 413, 429, 500, 502, 503 and 504 unless given. */
  readonly statusCodes?: Iterable<number> | undefined;
  /**
   * The codes of errors, by name (`"CURLE_COULDNT_CONNECT"`) or number. By default the codes of a
   * name that is not found, of a connection that cannot be made or breaks, and of a time limit.
   */
  readonly errors?: Iterable<string | number> | undefined;
  /**
   * The pause in ms before a retry, whose number begins at 1. By default a random time up to 300
   * ms, 600 ms, 1200 ms and so on, at least half of that. A Retry-After of the server replaces it.
   */
  readonly backoff?: ((attempt: number) => number) | undefined;
  /**
   * The longest pause in ms, 60,000 unless given. If the server's Retry-After is longer, the
   * request is not retried.
   */
  readonly maxDelay?: number | undefined;
  /** Called before the pause, and awaited. An exception of it ends the call. */
  readonly onRetry?: ((event: RetryEvent) => void | Promise<void>) | undefined;
}

/** `retry`, checked. */
export interface RetryPolicy {
  readonly limit: number;
  readonly methods: ReadonlySet<string>;
  readonly statusCodes: ReadonlySet<number>;
  readonly errors: ReadonlySet<number>;
  readonly backoff: (attempt: number) => unknown;
  readonly maxDelay: number;
  readonly onRetry: ((event: RetryEvent) => unknown) | undefined;
}

const ERRORS = [
  ...["COULDNT_RESOLVE_PROXY", "COULDNT_RESOLVE_HOST", "COULDNT_CONNECT", "PARTIAL_FILE"],
  ...["OPERATION_TIMEDOUT", "SSL_CONNECT_ERROR", "GOT_NOTHING", "SEND_ERROR", "RECV_ERROR"],
  ...["HTTP2", "HTTP2_STREAM", "HTTP3", "QUIC_CONNECT_ERROR"],
];

const codes: Readonly<Record<string, { readonly code: number }>> = easyCodes;
const numbers = () => new Set(Object.values(codes).map(({ code }) => code));

/** The values of members that are not given. */
const DEFAULTS: RetryPolicy = {
  limit: 2,
  methods: new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"]),
  statusCodes: new Set([408, 413, 429, 500, 502, 503, 504]),
  errors: new Set(ERRORS.map((name) => codes[`CURLE_${name}`]?.code as number)),
  backoff: (attempt) => 300 * 2 ** (attempt - 1) * (1 + Math.random()) / 2,
  maxDelay: 60_000,
  onRetry: undefined,
};

const MAX_LIMIT = 1_000_000, MAX_DELAY = 0x7fffffff;

/**
 * Reads `retry`; `base` has the values of missing members, `null` for the defaults. `call` is the
 * name of the call in error messages. Throws `TypeError` for a wrong member.
 */
export function readRetry(
  given: number | RetryOptions,
  base: RetryPolicy | null,
  call: string,
): RetryPolicy {
  const fallback = base ?? DEFAULTS;
  if (typeof given === "number") return { ...fallback, limit: readLimit(given, "retry", call) };
  if (typeof given !== "object" || given === null) {
    throw wrong(call, "retry", "a number or an object", given);
  }
  checkNames(call, "retry", given, DEFAULTS);
  const limit = member(given, "limit"), maxDelay = member(given, "maxDelay");
  return {
    limit: limit === undefined ? fallback.limit : readLimit(limit, "retry.limit", call),
    methods: readList(given, "methods", call, readMethod) ?? fallback.methods,
    statusCodes: readList(given, "statusCodes", call, readStatus) ?? fallback.statusCodes,
    errors: readList(given, "errors", call, readCode) ?? fallback.errors,
    backoff: readFunction(given, "backoff", call) ?? fallback.backoff,
    maxDelay: maxDelay === undefined ? fallback.maxDelay : readDelay(maxDelay, call),
    onRetry: readFunction(given, "onRetry", call) ?? fallback.onRetry,
  };
}

function readLimit(limit: unknown, name: string, call: string): number {
  if (Number.isInteger(limit) && (limit as number) >= 0 && (limit as number) <= MAX_LIMIT) {
    return limit as number;
  }
  throw wrong(call, name, `a whole number from 0 to ${MAX_LIMIT}`, limit);
}

function readDelay(delay: unknown, call: string): number {
  if (typeof delay === "number" && delay >= 0 && delay <= MAX_DELAY) return delay;
  throw wrong(call, "retry.maxDelay", `a number of ms from 0 to ${MAX_DELAY}`, delay);
}

function readFunction<K extends "backoff" | "onRetry">(
  given: RetryOptions,
  name: K,
  call: string,
): RetryOptions[K] {
  const value = member(given, name);
  if (value === undefined || typeof value === "function") return value;
  throw wrong(call, `retry.${name}`, "a function", value);
}

function readList<T>(
  given: RetryOptions,
  name: "methods" | "statusCodes" | "errors",
  call: string,
  read: (entry: unknown) => { readonly is: T } | string,
): ReadonlySet<T> | undefined {
  const list: unknown = member(given, name);
  if (list === undefined) return undefined;
  if (typeof list !== "object" || list === null || !(Symbol.iterator in list)) {
    throw wrong(call, `retry.${name}`, "an array", list);
  }
  return new Set(Array.from(list as Iterable<unknown>, (entry, i) => {
    const result = read(entry);
    if (typeof result === "object") return result.is;
    throw wrong(call, `retry.${name}[${i}]`, result, entry);
  }));
}

function readMethod(entry: unknown): { is: string } | string {
  return typeof entry === "string" && isToken(entry) ? { is: entry.toUpperCase() } : "a method";
}

function readStatus(entry: unknown): { is: number } | string {
  const isStatus = Number.isInteger(entry) && (entry as number) >= 200 && (entry as number) <= 999;
  return isStatus ? { is: entry as number } : "a status from 200 to 999";
}

function readCode(entry: unknown): { is: number } | string {
  if (typeof entry === "number" && entry > 0 && numbers().has(entry)) return { is: entry };
  const code = typeof entry === "string" && Object.hasOwn(codes, entry) ? codes[entry]?.code : 0;
  return code ? { is: code } : 'the name or number of a CURLcode, such as "CURLE_GOT_NOTHING"';
}
