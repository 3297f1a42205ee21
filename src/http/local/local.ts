/**
 * Local URLs, which `fetch` answers without libcurl: `data:` and `blob:`.
 *
 * @module
 */

import { resolveObjectURL } from "node:buffer";
import { blobRange } from "./blob_range.ts";
import { parseDataUrl } from "./data_url.ts";
import { networkError } from "../errors.ts";
import type { RequestPlan } from "../request/plan.ts";
import type { Field } from "../response/fields.ts";

/** The response to a local URL. */
export interface LocalResponse {
  readonly status: number;
  readonly statusText: string;
  readonly fields: readonly Field[];
  /** `null` for HEAD. */
  readonly body: Blob | Uint8Array<ArrayBuffer> | null;
}

/** Fetches a local URL; `null` for http and https. Throws `TypeError` for any other scheme. */
export function fetchLocal(plan: RequestPlan): LocalResponse | null {
  switch (plan.url.protocol) {
    case "http:":
    case "https:":
      return null;
    case "data:":
      return fetchData(plan);
    case "blob:":
      return fetchBlob(plan);
  }
  throw networkError(plan.url.href, `the scheme "${plan.url.protocol}" is not for fetch`);
}

function fetchData({ url, method }: RequestPlan): LocalResponse {
  const found = parseDataUrl(url.href);
  if (!found) throw networkError(url.href, "it is malformed");
  const fields: Field[] = [["content-type", found.type]];
  return { status: 200, statusText: "OK", fields, body: method === "HEAD" ? null : found.bytes };
}

/** {@link https://fetch.spec.whatwg.org/#scheme-fetch} */
function fetchBlob({ url, method, headers }: RequestPlan): LocalResponse {
  if (method !== "GET") throw networkError(url.href, `it allows no ${method}`);
  const bare = new URL(url);
  bare.hash = "";
  const blob = resolveObjectURL(bare.href) as Blob | undefined;
  if (!blob) throw networkError(url.href, "there is no such blob");
  const type: Field = ["content-type", blob.type];
  const ranges = headers.flatMap(([name, value]) => name.toLowerCase() === "range" ? [value] : []);
  if (ranges.length === 0) {
    const fields: Field[] = [["content-length", `${blob.size}`], type];
    return { status: 200, statusText: "OK", fields, body: blob };
  }
  const range = blobRange(ranges.join(", "), blob.size);
  if (!range) throw networkError(url.href, "it has no such range");
  const { first, last } = range, body = blob.slice(first, last + 1, blob.type);
  const fields: Field[] = [
    ["content-length", `${body.size}`],
    type,
    ["content-range", `bytes ${first}-${last}/${blob.size}`],
  ];
  return { status: 206, statusText: "Partial Content", fields, body };
}
