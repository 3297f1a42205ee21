/**
 * The runtime's own `Response`, with what its constructor does not take.
 *
 * @module
 */

import { setInfoSource, type TransferInfo } from "./info.ts";
import { bareUrl } from "./url.ts";

/** What a response has beside its body. */
export interface ResponseParts {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  /** Without its fragment and credentials in the end. */
  readonly url: URL;
  readonly redirected: boolean;
  /** For `transferInfo`, `null` where there was no transfer. */
  readonly info: (() => TransferInfo) | null;
}

/** Makes a response. Throws `TypeError` or `RangeError` for what cannot be one. */
export function makeResponse(body: BodyInit | null, parts: ResponseParts): Response {
  const { status, statusText, headers } = parts;
  return named(new Response(body, { status, statusText, headers }), parts);
}

const value = () => {
  throw new TypeError("Cannot change the headers of a response: they are immutable");
};
/** What the standard refuses on them; `new Response(body, response)` has a copy that allows it. */
const GUARDED = Object.create(Headers.prototype, {
  append: { value },
  delete: { value },
  set: { value },
});

/** Gives a response, and its clones, its URL and info. */
function named(response: Response, parts: ResponseParts): Response {
  const { url, redirected, info } = parts;
  const clone = () => named(Response.prototype.clone.call(response), parts);
  Object.defineProperties(response, {
    url: { value: bareUrl(url), configurable: true },
    redirected: { value: redirected, configurable: true },
    clone: { value: clone, configurable: true, writable: true },
    blob: { value: () => typedBlob(response), configurable: true, writable: true },
  });
  Object.setPrototypeOf(response.headers, GUARDED); // cheaper than properties of its own
  if (info) setInfoSource(response, info);
  return response;
}

/** Bun's own method forgets the type where the body is a stream. */
async function typedBlob(response: Response): Promise<Blob> {
  const type = response.headers.get("content-type");
  const blob: Blob = await Response.prototype.blob.call(response);
  return type && !blob.type ? blob.slice(0, blob.size, type) : blob;
}
