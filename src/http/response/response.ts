/**
 * The runtime's own `Response`, with what its constructor does not take.
 *
 * @module
 */

import { appendFields, type Field } from "./head.ts";
import type { TransferInfo } from "./info.ts";
import { bareUrl } from "../request/url.ts";

/** What a response has beside its body. */
export interface ResponseParts {
  readonly status: number;
  readonly statusText: string;
  /** Its headers; one that `Headers` refuses is left out. */
  readonly fields: readonly Field[];
  /** Without its fragment and credentials in the end. */
  readonly url: URL;
  readonly redirected: boolean;
  /** For `transferInfo`, `null` where there was no transfer. */
  readonly info: (() => TransferInfo) | null;
}

/**
 * Makes a response. Throws `TypeError` or `RangeError` for what cannot be one.
 *
 * From bytes it costs the runtimes a fraction of what a stream does. But then the stream that they
 * make of them has no reader with a buffer, and Bun takes it for used as soon as it is locked. So
 * once somebody asks for it, another response takes over, whose stream gets the bytes of this one.
 */
export function makeResponse(body: Body, parts: ResponseParts): Response {
  const response = new Response(body, parts);
  appendFields(response.headers, parts.fields); // cheaper than to have them copied
  return attachFields(response, parts, body instanceof Uint8Array);
}

/** What a response is made of. */
export type Body = ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> | null;

const value = () => {
  throw new TypeError("Cannot change the headers of a response: they are immutable");
};
/** What the standard refuses on them; `new Response(body, response)` has a copy that allows it. */
const GUARDED = Object.create(Headers.prototype, {
  append: { value },
  delete: { value },
  set: { value },
});

class ReturnOverride {
  constructor(response: Response) {
    return response as unknown as ReturnOverride;
  }
}

/**
 * Fields of an object of another class, which are what a constructor adds to whatever its parent
 * gives: the collector has far less to do with them than with a WeakMap.
 */
class ResponseFields extends ReturnOverride {
  readonly #parts: ResponseParts;
  #isWhole: boolean;
  #successor: Response | null = null;

  constructor(response: Response, parts: ResponseParts, isWhole: boolean) {
    super(response);
    this.#parts = parts;
    this.#isWhole = isWhole;
  }

  static partsOf(response: object): ResponseParts | null {
    return #parts in response ? (response as ResponseFields).#parts : null;
  }

  /** Who has the body: the response itself, or the one that took over. */
  static bodyOwner(response: Response): Response {
    return (response as unknown as ResponseFields).#successor ?? response;
  }

  /** The same where somebody wants the stream. */
  static streamOwner(response: Response): Response {
    const fields = response as unknown as ResponseFields;
    if (!fields.#isWhole || isUsed.call(response)) return ResponseFields.bodyOwner(response);
    fields.#isWhole = false;
    return fields.#successor = new Response(streamOf(response), { headers: response.headers });
  }
}

const getter = (name: "body" | "bodyUsed" | "headers") =>
  Object.getOwnPropertyDescriptor(Response.prototype, name)?.get as () => unknown;
const bodyOf = getter("body") as (this: Response) => Body;
const headersOf = getter("headers") as (this: Response) => Headers;
const isUsed = getter("bodyUsed") as (this: Response) => boolean;
const { bytes: bytesOf, clone: cloneOf, blob: blobOf } = Response.prototype;

/** The bytes of a response as a byte stream. */
function streamOf(response: Response): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const bytes = await bytesOf.call(response);
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel: (reason) => (bodyOf.call(response) as ReadableStream).cancel(reason),
  }, { highWaterMark: 0 }) as ReadableStream<Uint8Array<ArrayBuffer>>;
}

const get = (read: (this: Response) => unknown) => ({
  get: read,
  configurable: true,
  enumerable: true,
});
const method = (call: (this: Response) => unknown) => ({
  value: call,
  configurable: true,
  enumerable: true,
  writable: true,
});
const reader = (name: "arrayBuffer" | "bytes" | "formData" | "json" | "text") => {
  const read = Response.prototype[name];
  return method(function () {
    return read.call(ResponseFields.bodyOwner(this));
  });
};

/** A prototype is cheaper than properties of each response's own. */
const PROTOTYPE: object = Object.create(Response.prototype, {
  url: get(function () {
    return bareUrl((partsOf(this) as ResponseParts).url);
  }),
  headers: get(function () {
    const headers = headersOf.call(this);
    if (Object.getPrototypeOf(headers) !== GUARDED) Object.setPrototypeOf(headers, GUARDED);
    return headers;
  }),
  redirected: get(function () {
    return (partsOf(this) as ResponseParts).redirected;
  }),
  body: get(function () {
    return bodyOf.call(ResponseFields.streamOwner(this));
  }),
  bodyUsed: get(function () {
    return isUsed.call(ResponseFields.bodyOwner(this));
  }),
  clone: method(function () {
    // of a stream, since Deno's clone of bytes has the same bytes
    const parts = partsOf(this) as ResponseParts, owner = ResponseFields.streamOwner(this);
    const copy = cloneOf.call(owner);
    // the one that took over has the body only
    return owner === this ? attachFields(copy, parts, false) : makeResponse(copy.body, parts);
  }),
  arrayBuffer: reader("arrayBuffer"),
  bytes: reader("bytes"),
  formData: reader("formData"),
  json: reader("json"),
  text: reader("text"),
  blob: method(typedBlob),
});

/** What a response of curlew's is made of, `null` for any other. */
function partsOf(response: Response): ResponseParts | null {
  return ResponseFields.partsOf(response);
}

/** Gives a response its URL and info. */
function attachFields(response: Response, parts: ResponseParts, isWhole: boolean): Response {
  new ResponseFields(response, parts, isWhole);
  return Object.setPrototypeOf(response, PROTOTYPE);
}

/** Bun's own method forgets the type where the body is a stream. */
async function typedBlob(this: Response): Promise<Blob> {
  const type = this.headers.get("content-type");
  const blob: Blob = await blobOf.call(ResponseFields.bodyOwner(this));
  return type && !blob.type ? blob.slice(0, blob.size, type) : blob;
}

/**
 * What the transfer behind a response was like: live until the body has ended, then fixed.
 *
 * @throws {TypeError} for a response that is not curlew's.
 *
 * @example
 * ```ts
 * import { fetch, transferInfo } from "curlew";
 *
 * const response = await fetch("https://example.com/");
 * await response.arrayBuffer();
 * const { primaryIp, firstByte, httpVersion } = transferInfo(response);
 * console.log(primaryIp, firstByte, httpVersion);
 * ```
 */
export function transferInfo(response: Response): TransferInfo {
  const info = partsOf(response)?.info;
  if (!info) throw new TypeError("Cannot tell of the response: it is not one of curlew's fetch");
  return info();
}
