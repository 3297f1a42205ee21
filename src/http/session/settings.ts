/**
 * The options of `createFetch` and of its calls, checked and in one form.
 *
 * @module
 */

import { isInstance } from "../../untrusted.ts";
import { member } from "../../members.ts";
import { agentOf } from "../default_agent.ts";
import {
  NO_OPTIONS,
  readCurlOptions,
  withOptions,
  withoutCredentialOptions,
} from "../request/curl_options.ts";
import type { CurlOptions } from "../request/curl_options.ts";
import { hasHeader, type HeaderEntry, readHeaders, withoutHeaders } from "../request/headers.ts";
import { type FetchInit, type InitMembers, NO_INIT, planHead, readInit } from "../request/plan.ts";
import { readRetry, type RetryOptions, type RetryPolicy } from "../retry/policy.ts";
import { wrong } from "../shown.ts";
import { CREDENTIAL_HEADERS } from "../transfer/redirect.ts";
import { type FetchHooks, type HookLists, joinHooks, NO_HOOKS, readHooks } from "./hooks.ts";
import { joinQueries, type QueryEntry, type QueryInit, readBaseUrl, readQuery } from "./target.ts";

/** Options that `createFetch` adds to those of `fetch`. */
export interface CurlFetchOptions {
  /**
   * The base of relative URLs, which are appended to it with one slash between them: `users` and
   * `/users` of `https://example.com/api` are `https://example.com/api/users`. Absolute URLs are
   * not changed; credentials in defaults (Authorization, Cookie and Proxy-Authorization, Host, and
   * those of `curl`) are sent only to the origin of the default `baseUrl`.
   */
  readonly baseUrl?: string | URL | undefined;
  /** Parameters that are appended to the query of the URL. */
  readonly query?: QueryInit | undefined;
  /** Whether a status from 400 to 599 rejects with an {@linkcode HttpError}; false unless given. */
  readonly throwOnStatus?: boolean | undefined;
  /**
   * Which requests are retried, or how often; none unless given. Only where the body can be sent
   * again, and within `timeout`. A response body that breaks off after the head is not retried.
   */
  readonly retry?: number | RetryOptions | undefined;
  /** Functions that run at fixed points of the call; those of the defaults run first. */
  readonly hooks?: FetchHooks | undefined;
}

/** Options of a call of `createFetch`'s result. */
export interface CurlFetchInit extends FetchInit, CurlFetchOptions {
  /**
   * A value that is sent as JSON, instead of `body`: with POST, and Content-Type and Accept
   * application/json, unless these are given.
   */
  readonly json?: unknown;
}

/** Options of `createFetch`, for all of its calls. */
export type CurlFetchDefaults = Omit<FetchInit, "body"> & CurlFetchOptions;

/** Options in one form. Members of `init` that have a member here are `undefined` in it. */
export interface Settings {
  /** The members of `init`, without `headers`, `curl` and `body`. */
  readonly init: InitMembers;
  readonly headers: readonly HeaderEntry[];
  readonly curl: CurlOptions;
  readonly baseUrl: URL | null;
  readonly query: readonly QueryEntry[];
  readonly throwOnStatus: boolean | undefined;
  readonly retry: RetryPolicy | null;
  readonly hooks: HookLists;
}

/** No settings. */
export const NO_SETTINGS: Settings = {
  init: NO_INIT,
  headers: [],
  curl: NO_OPTIONS,
  baseUrl: null,
  query: [],
  throwOnStatus: undefined,
  retry: null,
  hooks: NO_HOOKS,
};

/** The options that only a call has. */
export interface CallBody {
  readonly body: FetchInit["body"] | undefined;
  readonly json: unknown;
  /** Whether headers are given, even an empty list. */
  readonly givesHeaders: boolean;
}

/**
 * Reads the options of a call, or of `createFetch`, each once. `base` has the settings that they
 * are added to. Throws `TypeError`.
 */
export function readSettings(
  given: CurlFetchInit,
  base: Settings,
  call: string,
): Settings & CallBody {
  if (typeof given !== "object" && given !== undefined) {
    throw wrong(call, "the options", "an object", given);
  }
  const all = given ?? {}, { headers, curl, body, ...rest } = readInit(all);
  const baseUrl = member(all, "baseUrl"), query = member(all, "query");
  const retry = member(all, "retry"), hooks = member(all, "hooks");
  return {
    init: { ...rest, headers: undefined, curl: undefined, body: undefined },
    headers: readHeaders(headers),
    curl: readCurlOptions(curl),
    baseUrl: baseUrl === undefined ? null : readBaseUrl(baseUrl, call),
    query: query === undefined ? [] : readQuery(query, call),
    throwOnStatus: readFlag(member(all, "throwOnStatus"), call),
    retry: retry === undefined ? null : readRetry(retry, base.retry, call),
    hooks: hooks === undefined ? NO_HOOKS : readHooks(hooks, call),
    body,
    json: member(all, "json"),
    givesHeaders: headers !== undefined,
  };
}

function readFlag(value: unknown, call: string): boolean | undefined {
  if (value === undefined || typeof value === "boolean") return value;
  throw wrong(call, "throwOnStatus", "a boolean", value);
}

/**
 * Reads the options of `createFetch` and `extend`. Throws `TypeError` for options that no call
 * could use.
 */
export function readDefaults(given: CurlFetchDefaults, base: Settings, call: string): Settings {
  const { body, json, givesHeaders: _, ...own } = readSettings(given, base, call);
  for (const [name, value] of Object.entries({ body, json })) {
    if (value === undefined) continue;
    throw new TypeError(`Cannot ${call}: ${name} belongs to a call, not to the defaults`);
  }
  const settings = joinSettings(base, own);
  planHead("http://localhost/", initOf(settings)); // checks each member of `init`
  if (own.init.agent !== undefined) agentOf(own.init.agent);
  return settings;
}

/** Settings with those of a second set added, which replace members of the same name. */
export function joinSettings(base: Settings, own: Settings): Settings {
  return {
    init: joinInits(base.init, own.init),
    headers: joinHeaders(base.headers, own.headers),
    curl: own.curl.size === 0 ? base.curl : withOptions(base.curl, own.curl),
    baseUrl: own.baseUrl ?? base.baseUrl,
    query: joinQueries(base.query, own.query),
    throwOnStatus: own.throwOnStatus ?? base.throwOnStatus,
    retry: own.retry ?? base.retry,
    hooks: joinHooks(base.hooks, own.hooks),
  };
}

function joinInits(base: InitMembers, own: InitMembers): InitMembers {
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  return given.length === 0 ? base : { ...base, ...Object.fromEntries(given) };
}

function joinHeaders(
  base: readonly HeaderEntry[],
  own: readonly HeaderEntry[],
): readonly HeaderEntry[] {
  if (own.length === 0) return base;
  return [...base.filter(([name]) => !hasHeader(own, name.toLowerCase())), ...own];
}

/** The members for `planRequest`. */
export function initOf({ init, headers, curl }: Settings): InitMembers {
  return { ...init, headers, curl: curl.size === 0 ? undefined : Object.fromEntries(curl) };
}

/** Defaults without credentials, for a URL of another origin than the one they are for. */
export function withoutCredentials(settings: Settings): Settings {
  return {
    ...settings,
    headers: withoutHeaders(settings.headers, CREDENTIAL_HEADERS),
    curl: withoutCredentialOptions(settings.curl),
  };
}

/** Defaults without those that a `Request` replaces by its own members. */
export function withoutRequestMembers(settings: Settings): Settings {
  const { timeout, connectTimeout, maxBodySize, maxHeaders, retryUnsafe } = settings.init;
  const { onProgress, agent, cookies, verbose } = settings.init;
  const limits = { timeout, connectTimeout, maxBodySize, maxHeaders, retryUnsafe };
  return { ...settings, init: { ...NO_INIT, ...limits, onProgress, agent, cookies, verbose } };
}

/** Whether the input of a call is a `Request`. */
export const isRequest = (input: unknown): input is Request => isInstance(input, Request);
