/**
 * URLs that need no network: `data:`, `blob:`, `about:blank`.
 *
 * @module
 */

import { networkError } from "./errors.ts";
import type { RequestPlan } from "./request.ts";

// the runtime's own, also where the application has put curlew's in its place
const runtimeFetch = globalThis.fetch;

/** Answers a local URL, or gives `null` for one of the network. */
export async function fetchLocal({ url, method }: RequestPlan): Promise<Response | null> {
  switch (url.protocol) {
    case "http:":
    case "https:":
      return null;
    case "data:":
    case "blob:":
      if (method !== "GET") throw networkError(url.href, `it allows no ${method}`);
      return await runtimeFetch(url.href);
    case "about:":
      if (url.href === "about:blank") {
        return new Response("", { headers: { "content-type": "text/html;charset=utf-8" } });
      }
  }
  throw networkError(url.href, `the scheme "${url.protocol}" is not for fetch`);
}
