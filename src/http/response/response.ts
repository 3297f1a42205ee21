/**
 * Responses: the runtime's own `Response`, with `url`, `redirected` and `type` laid over it, since
 * its constructor cannot set them. Its body is the native one, for native code reads no other.
 *
 * @module
 */

import { appendFields, type Field } from "./head.ts";
import type { TransferInfo } from "./info.ts";
import { bareUrl } from "../request/url.ts";
import { native } from "../../../ffi/mod.ts";
import type { Body } from "./whole_body.ts";
import { typeError } from "../errors.ts";

/** The parts of a response beside its body. */
export interface ResponseParts {
  readonly status: number;
  readonly statusText: string;
  /** The headers; one that `Headers` refuses is left out. */
  readonly fields: readonly Field[];
  /** The final URL; `response.url` leaves out its credentials and fragment. */
  readonly url: URL;
  /** `response.type`. */
  readonly type: string;
  readonly redirected: boolean;
  /** None: the constructor of `Response` would look for them on `Object.prototype`. */
  readonly headers: undefined;
  /** For `transferInfo`; `null` if there was no transfer. */
  readonly info: (() => TransferInfo) | null;
}

/** The highest status that the constructor takes. A server may send any of three digits. */
const MAX_STATUS = 599;

/** Makes a response. Throws `TypeError` or `RangeError` if the parts are not valid. */
export function makeResponse(body: Body, parts: ResponseParts): Response {
  const isOdd = parts.status > MAX_STATUS;
  const init = isOdd ? { ...parts, status: MAX_STATUS } : parts;
  const response = new Response(body, init as unknown as ResponseInit);
  appendFields(response.headers, parts.fields); // cheaper than to have the constructor copy them
  return attachFields(response, parts);
}

const value = () => {
  throw typeError("Cannot change the headers of a response: they are immutable");
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
 * A private field on an object of another class: a constructor adds its fields to whatever object
 * its base class returns. They cost the garbage collector far less than a WeakMap.
 */
class ResponseFields extends ReturnOverride {
  readonly #parts: ResponseParts;

  constructor(response: Response, parts: ResponseParts) {
    super(response);
    this.#parts = parts;
  }

  static partsOf(response: object): ResponseParts | null {
    return #parts in response ? (response as ResponseFields).#parts : null;
  }
}

/** The parts of a response that curlew made, `null` for any other. */
function partsOf(response: Response): ResponseParts | null {
  return ResponseFields.partsOf(response);
}

const headersOf = Object.getOwnPropertyDescriptor(Response.prototype, "headers")?.get as (
  this: Response,
) => Headers;
const { blob: blobOf, clone: cloneOf } = Response.prototype;

const get = (read: (this: Response) => unknown) => ({
  get: read,
  configurable: true,
  enumerable: true,
});
const method = (value: (this: Response) => unknown) => ({
  value,
  configurable: true,
  enumerable: true,
  writable: true,
});

/**
 * The prototype of all responses: cheaper than own properties of each. It has nothing of a body's,
 * because native code, such as a server that sends the response, does not see it.
 */
const PROTOTYPE: object = Object.create(Response.prototype, {
  url: get(function () {
    return bareUrl((partsOf(this) as ResponseParts).url);
  }),
  type: get(function () {
    return (partsOf(this) as ResponseParts).type;
  }),
  redirected: get(function () {
    return (partsOf(this) as ResponseParts).redirected;
  }),
  headers: get(function () {
    const headers = headersOf.call(this);
    if (Object.getPrototypeOf(headers) !== GUARDED) Object.setPrototypeOf(headers, GUARDED);
    return headers;
  }),
  clone: method(function clone(this: Response) {
    return attachFields(cloneOf.call(this), partsOf(this) as ResponseParts);
  }),
  ...native.runtime === "bun" && { blob: method(blob) },
});

/** `blob()` with its type, which Bun's own leaves out if the body is a stream of JavaScript. */
async function blob(this: Response): Promise<Blob> {
  const found: Blob = await blobOf.call(this), type = this.headers.get("content-type");
  if (!type || found.type) return found;
  return await new Response(found, { headers: { "content-type": type } }).blob();
}

/** The prototype of those whose status the constructor does not take. */
const ODD_STATUS_PROTOTYPE: object = Object.create(PROTOTYPE, {
  status: get(function () {
    return (partsOf(this) as ResponseParts).status;
  }),
});

/** Attaches the parts to a response, and the prototype that uses them. */
function attachFields(response: Response, parts: ResponseParts): Response {
  new ResponseFields(response, parts);
  const isOdd = parts.status > MAX_STATUS;
  return Object.setPrototypeOf(response, isOdd ? ODD_STATUS_PROTOTYPE : PROTOTYPE);
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
  if (!info) throw typeError("Cannot tell of the response: it is not one of curlew's fetch");
  return info();
}
