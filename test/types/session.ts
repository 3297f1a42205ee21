// Compiled, never run: what must not compile is marked, and tsc fails where it does compile.
import { CurlWebSocket, download, type Fetch, fetch, fetchSync, upload } from "../../mod.ts";
import {
  type Cookie,
  CookieJar,
  createFetch,
  type CurlFetch,
  type CurlFetchDefaults,
  HttpError,
} from "../../session.ts";

type AnyFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
declare const init: RequestInit, request: Request, jar: CookieJar;

/** A parameter for a `fetch` takes both. */
export function assignable(): void {
  const own: AnyFetch[] = [fetch, createFetch(), createFetch().extend({})];
  const runtimes: (typeof globalThis.fetch)[] = [fetch, createFetch()];
  const names: Fetch[] = [fetch, createFetch()];
  void [own, runtimes, names];
  void fetch(request, init);
  void createFetch()(new URL("http://x/"), init);
  void fetch("http://x/", { signal: null, body: null, window: null });
  // @ts-expect-error: the runtime's own fetch has no extend
  const extended: CurlFetch = globalThis.fetch;
  void extended;
}

export async function options(): Promise<void> {
  const api: CurlFetch = createFetch({ baseUrl: "http://x/", cookies: jar, retry: 2 });
  const response: Response = await api("users", { json: [1], query: { a: [1, "b"], c: null } });
  void response;
  void api("x", {
    query: new URLSearchParams(),
    retry: { limit: 1, errors: ["CURLE_GOT_NOTHING"] },
  });
  // @ts-expect-error: options of createFetch are not options of fetch
  void fetch("http://x/", { json: 1 });
  // @ts-expect-error: a body belongs to a call
  createFetch({ body: "x" });
  // @ts-expect-error: json belongs to a call as well
  createFetch({ json: 1 });
  // @ts-expect-error: no such option
  createFetch({ prefixUrl: "http://x/" });
  // @ts-expect-error: no such option
  void api("x", { retry: { limits: 1 } });
  // @ts-expect-error: a value of query is not an object
  void api("x", { query: { a: { b: 1 } } });
  // @ts-expect-error: a jar is not a path
  void fetch("http://x/", { cookies: "jar.txt" });
  void fetch("http://x/", { cookies: jar });
  void fetchSync("http://x/", { cookies: jar });
  void download("http://x/", "x", { cookies: jar, retry: { onRetry: async () => {} } });
  void upload("x", "http://x/", { cookies: jar, retry: 1 });
  void new CurlWebSocket("ws://x/", [], { cookies: jar });
}

export function hooks(): void {
  const defaults: CurlFetchDefaults = {
    hooks: {
      request: [({ headers, url }) => headers.set("a", url.href), async () => {}],
      response: (response, { attempt }) => Promise.resolve(attempt > 0 ? response : undefined),
      error: (error) => error instanceof HttpError ? new Error(`${error.status}`) : undefined,
    },
  };
  createFetch(defaults);
  // @ts-expect-error: a hook returns a Response or nothing
  createFetch({ hooks: { request: () => 5 } });
  // @ts-expect-error: the URL is changed in place
  createFetch({ hooks: { request: (context) => void (context.url = new URL("http://x/")) } });
}

export function cookies(): void {
  const all: Cookie[] = [...jar, ...jar.getAll("http://x/"), ...jar.toJSON()];
  const one: Cookie | undefined = jar.get("a");
  void [all, one];
  jar.set({ name: "a", domain: "x", expires: new Date() });
  jar.set({ name: "a", domain: "x", expires: undefined });
  jar.delete({ name: "a" });
  CookieJar.fromJSON(all);
  // @ts-expect-error: a cookie has a domain
  jar.set({ name: "a" });
  // @ts-expect-error: the date is not a text
  jar.set({ name: "a", domain: "x", expires: "tomorrow" });
}
