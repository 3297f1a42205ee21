/**
 * Responses: the runtime's own `Response`, with `url`, `redirected` and others laid over it, since
 * its constructor cannot set them.
 *
 * @module
 */

import { dictionary } from "../../members.ts";
import { isInstance } from "../../untrusted.ts";
import { appendFields, type Field } from "./head.ts";
import type { TransferInfo } from "./info.ts";
import { bareUrl } from "../request/url.ts";

/** The parts of a response beside its body. */
export interface ResponseParts {
  readonly status: number;
  readonly statusText: string;
  /** The headers; one that `Headers` refuses is left out. */
  readonly fields: readonly Field[];
  /** The final URL; `response.url` leaves out its credentials and fragment. */
  readonly url: URL;
  readonly redirected: boolean;
  /** None: the constructor of `Response` would look for them on `Object.prototype`. */
  readonly headers: undefined;
  /** For `transferInfo`; `null` if there was no transfer. */
  readonly info: (() => TransferInfo) | null;
}

/**
 * Makes a response. Throws `TypeError` or `RangeError` if the parts are not valid.
 *
 * A body of bytes costs the runtimes a fraction of what a stream costs. But the stream that they
 * make of it has no BYOB reader, and on Bun it counts as used once it is locked. So when the user
 * asks for `body` or `clone()`, a second response takes over the body, with a byte stream of
 * curlew's.
 */
export function makeResponse(body: Body, parts: ResponseParts): Response {
  const response = new Response(body, parts as unknown as ResponseInit);
  appendFields(response.headers, parts.fields); // cheaper than to have the constructor copy them
  return attachFields(response, parts, isInstance(body, Uint8Array));
}

/** The body of a response. */
export type Body = ReadableStream<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> | null;

const value = () => {
  throw new TypeError("Cannot change the headers of a response: they are immutable");
};
/** The prototype of immutable headers. `new Response(body, response)` copies them, mutable. */
const GUARDED = Object.create(Headers.prototype, {
  append: { value },
  delete: { value },
  set: { value },
});

/** A base class whose constructor returns the object it is given, so that `this` is that object. */
class ReturnOverride {
  constructor(response: Response) {
    return response as unknown as ReturnOverride;
  }
}

/**
 * Private fields on an object of another class: a constructor adds its fields to whatever object
 * its base class returns. They cost the garbage collector far less than a WeakMap.
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

  /** The response that has the body: the given one, or the one that took over. */
  static bodyOwner(response: Response): Response {
    return (response as unknown as ResponseFields).#successor ?? response;
  }

  /** Like {@linkcode bodyOwner}, for access to the stream: a body of bytes is taken over first. */
  static streamOwner(response: Response): Response {
    const fields = response as unknown as ResponseFields;
    if (!fields.#isWhole || isUsed.call(response)) return ResponseFields.bodyOwner(response);
    fields.#isWhole = false;
    return fields.#successor = new Response(
      streamOf(response),
      dictionary({ headers: response.headers }),
    );
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
  const source: UnderlyingByteSource = dictionary({
    type: "bytes" as const,
    async pull(controller: ReadableByteStreamController) {
      const bytes = await bytesOf.call(response);
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel: (reason: unknown) => (bodyOf.call(response) as ReadableStream).cancel(reason),
  });
  const stream = new ReadableStream(source, dictionary({ highWaterMark: 0 }));
  return stream as ReadableStream<Uint8Array<ArrayBuffer>>;
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

/** The prototype of all responses: cheaper than own properties of each. */
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
    // clones the stream, as on Deno a clone of bytes shares them
    const parts = partsOf(this) as ResponseParts, owner = ResponseFields.streamOwner(this);
    const copy = cloneOf.call(owner);
    // the response that took over has the body, but not the status and URL
    return owner === this ? attachFields(copy, parts, false) : makeResponse(copy.body, parts);
  }),
  arrayBuffer: reader("arrayBuffer"),
  bytes: reader("bytes"),
  formData: reader("formData"),
  json: reader("json"),
  text: reader("text"),
  blob: method(typedBlob),
});

/** The parts of a response that curlew made, `null` for any other. */
function partsOf(response: Response): ResponseParts | null {
  return ResponseFields.partsOf(response);
}

/** Attaches the parts to a response, and the prototype that uses them. */
function attachFields(response: Response, parts: ResponseParts, isWhole: boolean): Response {
  new ResponseFields(response, parts, isWhole);
  return Object.setPrototypeOf(response, PROTOTYPE);
}

/** `blob()` with the type, which Bun's own method loses if the body is a stream. */
async function typedBlob(this: Response): Promise<Blob> {
  const type = this.headers.get("content-type");
  const blob: Blob = await blobOf.call(ResponseFields.bodyOwner(this));
  return type && !blob.type ? blob.slice(0, blob.size, type) : blob;
}

/**
 * Tells the facts of the transfer behind a response: those of now until the body has ended, then
 * the final ones.
 *
 * @throws {TypeError} for a response that curlew did not make.
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
