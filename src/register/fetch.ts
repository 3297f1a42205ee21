/**
 * The `fetch` by which `curlew/register` replaces the runtime's own.
 *
 * @module
 */

import { fetch as curlFetch } from "../http/fetch.ts";
import type { FetchInit } from "../http/request/plan.ts";
import { member } from "../members.ts";
import { isInstance } from "../untrusted.ts";
import type { Defaults } from "./defaults.ts";
import { hasExtensions, optionsOf, type RuntimeInit } from "./extensions.ts";

type Fetch = typeof globalThis.fetch;
type Input = string | URL | Request;

/** The URL of a request; `null` for a relative or invalid one. */
function urlOf(input: Input): URL | null {
  try {
    return new URL(typeof input !== "string" && isInstance(input, Request) ? input.url : input);
  } catch {
    return null;
  }
}

/**
 * Whether libcurl makes a request. Bun's `s3:` and similar schemes, and a Deno `client`, stay with
 * the runtime.
 */
function isOurs(url: URL | null, init: RuntimeInit): boolean {
  if (url !== null && url.protocol !== "http:" && url.protocol !== "https:") return false;
  return member(init, "client") === undefined;
}

/** The defaults without the members that a call has. */
const withoutThoseOf = (given: FetchInit, defaults: Defaults): Defaults =>
  Object.fromEntries(
    Object.entries(defaults).filter(([name]) =>
      member(given, name as keyof FetchInit) === undefined
    ),
  );

/** Makes the `fetch`, which passes requests that only the runtime can make to `builtIn`. */
export function makeFetch(builtIn: Fetch, defaults: Defaults): Fetch {
  async function fetch(input: Input, init?: RequestInit): Promise<Response> {
    const given = (init ?? {}) as RuntimeInit & FetchInit, url = urlOf(input);
    if (!isOurs(url, given)) return await builtIn(input as string, init);
    const own = hasExtensions(given) ? await optionsOf(given, url?.hostname ?? "") : {};
    // Bun: false for none, true for its own default
    const timeout: unknown = member(given, "timeout");
    const wanted = typeof timeout === "number" ? timeout : timeout === false ? 0 : undefined;
    const all = { // an init with a class of its own keeps its members
      __proto__: given,
      ...withoutThoseOf(given, defaults),
      verbose: false, // the value is for Bun's own option, which becomes VERBOSE
      timeout: wanted ?? defaults.timeout ?? 0,
      curl: { ...defaults.curl, ...own, ...member(given, "curl") },
    } as FetchInit;
    return await curlFetch(input, all);
  }
  return Object.assign(fetch, { preconnect: curlFetch.preconnect }) as Fetch;
}
