/**
 * `createFetch`: a `fetch` with defaults, retries and hooks.
 *
 * @module
 */

import { isInstance } from "../../untrusted.ts";
import { errorOfCall, typeError } from "../errors.ts";
import { preconnect, runPlan } from "../fetch.ts";
import { hasHeader, type HeaderEntry, readHeaders } from "../request/headers.ts";
import { planRequest, type RequestPlan } from "../request/plan.ts";
import { countdown } from "../transfer/countdown.ts";
import { hasHooks } from "./hooks.ts";
import { HttpError } from "./http_error.ts";
import { runCall } from "./run.ts";
import {
  type CallBody,
  type CurlFetchDefaults,
  type CurlFetchInit,
  initOf,
  isRequest,
  joinSettings,
  NO_SETTINGS,
  readDefaults,
  readSettings,
  type Settings,
  withoutCredentials,
  withoutRequestMembers,
} from "./settings.ts";
import { targetOf } from "./target.ts";

/** The result of `createFetch`: a `fetch` with more options, and defaults. */
export interface CurlFetch {
  /** With the runtime's own options, of which those of the standard have an effect. */
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /**
   * Fetches a resource as `fetch` does.
   *
   * @throws {TypeError} as `fetch` does, and for a wrong option.
   * @throws {HttpError} for a status from 400 to 599, with `throwOnStatus`.
   * @throws the exception of a hook.
   */
  (input: string | URL | Request, init?: CurlFetchInit): Promise<Response>;
  /**
   * Makes another `fetch` with more defaults: headers, parameters, options of `curl` and members of
   * `retry` replace those of the same name; hooks run after the existing ones.
   *
   * @throws {TypeError} for a wrong option.
   */
  extend(more: CurlFetchDefaults): CurlFetch;
  /** Does nothing, as in `fetch`. */
  preconnect(url: string | URL, options?: object): void;
}

/**
 * Makes a `fetch` with defaults, retries, hooks and more options. Where these are not used it
 * behaves like `fetch`, and can be passed to any code that takes one.
 *
 * @throws {TypeError} for a wrong option; the message names it.
 *
 * @example
 * ```ts
 * import { CookieJar, createFetch } from "curlew/session";
 *
 * const api = createFetch({
 *   baseUrl: "https://example.com/api",
 *   headers: { Authorization: "Bearer secret" },
 *   timeout: 30_000,
 *   cookies: new CookieJar(),
 *   retry: { limit: 3, onRetry: ({ attempt, delay }) => console.log(`retry ${attempt} in ${delay}`) },
 *   hooks: { request: ({ headers }) => headers.set("X-Request-Id", crypto.randomUUID()) },
 *   throwOnStatus: true,
 * });
 * const users = await (await api("users", { query: { page: 2 } })).json();
 * await api("users", { json: { name: "Ada" } });
 * const admin = api.extend({ headers: { "X-Role": "admin" } });
 * await admin(`users/${users[0].id}`, { method: "DELETE" });
 * ```
 */
export function createFetch(defaults: CurlFetchDefaults = {}): CurlFetch {
  return fetchWith(readDefaults(defaults, NO_SETTINGS, "make a fetch"));
}

function fetchWith(defaults: Settings): CurlFetch {
  async function fetch(
    input: string | URL | Request,
    init?: CurlFetchInit | RequestInit,
  ): Promise<Response> {
    const { settings, planned } = planCall(defaults, input, init as CurlFetchInit | undefined);
    const plan = isInstance(planned, Promise) ? await planned : planned;
    try {
      const { retry, hooks, throwOnStatus = false, init: { agent } } = settings;
      if (!retry && !hasHooks(hooks)) {
        const response = await runPlan(plan, agent);
        return throwOnStatus ? checked(response, plan.url) : response;
      }
      const remaining = countdown(plan.timeout);
      const check = (response: Response) => throwOnStatus ? checked(response, plan.url) : response;
      return await runCall({ plan, agent, retry, hooks, remaining, check });
    } catch (error) {
      throw errorOfCall(error, fetch);
    }
  }
  const extend = (more: CurlFetchDefaults) =>
    fetchWith(readDefaults(more, defaults, "extend a fetch"));
  return Object.assign(fetch, { extend, preconnect });
}

function checked(response: Response, url: URL): Response {
  const { status } = response;
  if (status < 400 || status > 599) return response;
  throw new HttpError(response, url.href);
}

interface PlannedCall {
  readonly settings: Settings;
  readonly planned: RequestPlan | Promise<RequestPlan>;
}

/** Reads all arguments of a call before anything starts. */
function planCall(
  defaults: Settings,
  input: string | URL | Request,
  init: CurlFetchInit | undefined,
): PlannedCall {
  const request = isRequest(input) ? input : null;
  const own = ownSettings(request, readSettings(init ?? {}, defaults, "fetch"));
  const { settings, target } = settingsFor(defaults, own, request, input);
  const members = { ...initOf(settings), ...bodyOf(own, settings, request) };
  const planned = planRequest(request ?? target.href, members);
  if (!request || target.href === request.url) return { settings, planned };
  const at = (plan: RequestPlan): RequestPlan => ({ ...plan, url: target });
  return { settings, planned: isInstance(planned, Promise) ? planned.then(at) : at(planned) };
}

/** The settings of a call, with the headers of a `Request` unless the call has headers. */
function ownSettings(request: Request | null, own: Settings & CallBody): Settings & CallBody {
  if (!request || own.givesHeaders) return own;
  return { ...own, headers: readHeaders(request.headers) };
}

function settingsFor(
  defaults: Settings,
  own: Settings,
  request: Request | null,
  input: string | URL | Request,
): { readonly settings: Settings; readonly target: URL } {
  const base = request ? withoutRequestMembers(defaults) : defaults;
  const joined = joinSettings(base, own);
  const target = targetOf(
    request ? request.url : input as string | URL,
    joined.baseUrl,
    joined.query,
  );
  const isForeign = base.baseUrl !== null && base.baseUrl.origin !== target.origin;
  return { target, settings: isForeign ? joinSettings(withoutCredentials(base), own) : joined };
}

type BodyMembers = Pick<ReturnType<typeof initOf>, "body" | "headers" | "method">;

/** The members that depend on the body of a call. */
function bodyOf(
  { body, json }: CallBody,
  { headers, init }: Settings,
  request: Request | null,
): BodyMembers {
  if (json === undefined) return { body, headers, method: init.method };
  if (body !== undefined && body !== null) {
    throw typeError("Cannot fetch: body and json exclude each other");
  }
  const added: HeaderEntry[] = (["Content-Type", "Accept"] as const)
    .filter((name) => !hasHeader(headers, name.toLowerCase()))
    .map((name) => [name, "application/json"]);
  return {
    body: serialized(json),
    headers: [...headers, ...added],
    method: init.method ?? (request ? undefined : "POST"),
  };
}

function serialized(json: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(json);
  } catch (cause) {
    throw typeError("Cannot fetch: json cannot be serialized", { cause });
  }
  if (text !== undefined) return text;
  throw typeError(`Cannot fetch: json cannot be serialized: it is a ${typeof json}`);
}
