/**
 * Sessions: a `fetch` with defaults, retries and hooks, and cookies that requests share. A module
 * of its own, so that programs without sessions start as fast as before.
 *
 * @example
 * ```ts
 * import { CookieJar, createFetch } from "curlew/session";
 *
 * const api = createFetch({
 *   baseUrl: "https://example.com/api",
 *   cookies: new CookieJar(),
 *   retry: 2,
 *   throwOnStatus: true,
 * });
 * console.log(await (await api("users", { query: { page: 2 } })).json());
 * ```
 *
 * @module
 */

export type { Cookie, CookieInit } from "./src/http/cookies/cookie.ts";
export { type CookieFilter, CookieJar } from "./src/http/cookies/cookie_jar.ts";
export type { RetryEvent, RetryOptions } from "./src/http/retry/policy.ts";
export { createFetch, type CurlFetch } from "./src/http/session/create_fetch.ts";
export type {
  ErrorHook,
  FetchHooks,
  HookContext,
  RequestHook,
  ResponseHook,
} from "./src/http/session/hooks.ts";
export { HttpError } from "./src/http/session/http_error.ts";
export type {
  CurlFetchDefaults,
  CurlFetchInit,
  CurlFetchOptions,
} from "./src/http/session/settings.ts";
export type { QueryInit, QueryValue } from "./src/http/session/target.ts";
