/**
 * Local URLs, which `fetch` answers without libcurl: `data:`, `blob:`, `about:blank`.
 *
 * @module
 */

import { resolveObjectURL } from "node:buffer";
import { parseDataUrl } from "./data_url.ts";
import { networkError } from "../errors.ts";
import type { RequestPlan } from "../request/plan.ts";

/** The response to a local URL. */
export interface LocalResponse {
  readonly type: string;
  readonly body: Blob | Uint8Array<ArrayBuffer>;
}

/** Fetches a local URL; `null` for http and https. Throws `TypeError` for any other scheme. */
export function fetchLocal({ url, method }: RequestPlan): LocalResponse | null {
  switch (url.protocol) {
    case "http:":
    case "https:":
      return null;
    case "data:":
      return fetchData(url);
    case "blob:":
      if (method !== "GET") throw networkError(url.href, `it allows no ${method}`);
      return fetchBlob(url);
    case "about:":
      if (url.pathname === "blank") {
        return { type: "text/html;charset=utf-8", body: new Uint8Array() };
      }
  }
  throw networkError(url.href, `the scheme "${url.protocol}" is not for fetch`);
}

function fetchData(url: URL): LocalResponse {
  const found = parseDataUrl(url.href);
  if (!found) throw networkError(url.href, "it is malformed");
  return { type: found.type, body: found.bytes };
}

function fetchBlob(url: URL): LocalResponse {
  const bare = new URL(url);
  bare.hash = "";
  const body = resolveObjectURL(bare.href) as Blob | undefined;
  if (!body) throw networkError(url.href, "there is no such blob");
  return { type: body.type, body };
}
