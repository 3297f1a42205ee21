/**
 * What `createFetch` and each call of its result is given, checked and in one form.
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
   * What relative URLs are appended to, with one slash between them: `users` and `/users` of
   * `https://example.com/api` are `https://example.com/api/users`. Absolute URLs are left alone;
   * credentials in defaults (Authorization, Cookie and Proxy-Authorization, Host, and those of
   * `curl`) go to the origin of the default `baseUrl` only.
   */
  readonly baseUrl?: string | URL | undefined;
  /** Parameters that are appended to the query of the URL. */
  readonly query?: QueryInit | undefined;
  /** Whether a status from 400 to 599 rejects with an {@linkcode HttpError}; false unless given. */
  readonly throwOnStatus?: boolean | undefined;
  /**
   * Which requests are made again, or how often; none unless given. Only where the body can be sent
   * again, and within `timeout`. A body that breaks off later is the caller's to fetch again.
   */
  readonly retry?: number | RetryOptions | undefined;
  /** Functions at fixed points of the call; those of the defaults come first. */
  readonly hooks?: FetchHooks | undefined;
}

/** Options of a call of what `createFetch` gives. */
export interface CurlFetchInit extends FetchInit, CurlFetchOptions {
  /**
   * A value that is sent as JSON, in the place of `body`: with POST, Content-Type and Accept
   * application/json, unless given.
   */
  readonly json?: unknown;
}

/** Options of `createFetch`, for all of its calls. */
export type CurlFetchDefaults = Omit<FetchInit, "body"> & CurlFetchOptions;

/** Options in one form. Members of `init` that are not listed here are `undefined` in it. */
export interface Settings {
  /** Without `headers`, `curl` and `body`. */
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

/** What only a call can be given. */
export interface CallBody {
  readonly body: FetchInit["body"] | undefined;
  readonly json: unknown;
  /** Whether there are headers, be it none. */
  readonly givesHeaders: boolean;
}

/**
 * Reads the options of a call, or of `createFetch`, each once. `base` has the settings that they are
 * added to. Throws `TypeError`.
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

/** Reads the options of `createFetch` and `extend`. Throws `TypeError` for what no call could use. */
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

/** Settings with others that are added to them or replace them. */
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

/** Defaults for a URL that is not of the origin which they are for. */
export function withoutCredentials(settings: Settings): Settings {
  return {
    ...settings,
    headers: withoutHeaders(settings.headers, CREDENTIAL_HEADERS),
    curl: withoutCredentialOptions(settings.curl),
  };
}

/** Defaults for a `Request`, which has members of its own in the place of some. */
export function withoutRequestMembers(settings: Settings): Settings {
  const { timeout, connectTimeout, maxBodySize, maxHeaders, retryUnsafe } = settings.init;
  const { onProgress, agent, cookies, verbose } = settings.init;
  const limits = { timeout, connectTimeout, maxBodySize, maxHeaders, retryUnsafe };
  return { ...settings, init: { ...NO_INIT, ...limits, onProgress, agent, cookies, verbose } };
}

/** Whether the input of a call is a `Request`. */
export const isRequest = (input: unknown): input is Request => isInstance(input, Request);
