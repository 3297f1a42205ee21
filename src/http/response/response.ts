/**
 * Responses: the runtime's own `Response`, whose `url`, `redirected` and `type` are overridden,
 * since its constructor cannot set them. Its body is the native one, because native code reads no
 * other. The methods that read a whole body bypass its stream.
 *
 * @module
 */

import type { Field } from "./fields.ts";
import { appendFields } from "./head.ts";
import type { TransferInfo } from "./info.ts";
import { bareUrl } from "../request/url.ts";
import { native } from "../../../ffi/mod.ts";
import { isInstance } from "../../untrusted.ts";
import type { BodySink, BodyStream } from "./body_stream.ts";
import type { Body } from "./whole_body.ts";
import { typeError } from "../errors.ts";

/** The parts of a response apart from its body. */
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
  /**
   * Always `undefined`: otherwise the constructor of `Response` would read it from
   * `Object.prototype`.
   */
  readonly headers: undefined;
  /** For `transferInfo`; `null` if there was no transfer. */
  readonly info: (() => TransferInfo) | null;
  /** The sink of the body, if the body is a stream of its own; `null` for bytes and for clones. */
  readonly sink: BodySink | null;
}

/** The highest status that the constructor takes. A server may send any of three digits. */
const MAX_STATUS = 599;

/** Makes a response. Throws `TypeError` or `RangeError` if the parts are not valid. */
export function makeResponse(body: Body, parts: ResponseParts): Response {
  const isOdd = parts.status > MAX_STATUS;
  const init = isOdd ? { ...parts, status: MAX_STATUS } : parts;
  const response = new Response(body, init as unknown as ResponseInit);
  // cheaper than passing them to the constructor, which copies them
  appendFields(response.headers, parts.fields);
  return attachFields(
    response,
    parts,
    parts.sink && isInstance(body, ReadableStream) ? body : null,
  );
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
 * Private fields on an object of another class: a constructor adds its fields to any object that
 * its base class returns. They cost the garbage collector far less than a WeakMap.
 */
class ResponseFields extends ReturnOverride {
  readonly #parts: ResponseParts;
  /** The stream that the sink feeds. */
  readonly #stream: BodyStream | null;

  constructor(response: Response, parts: ResponseParts, stream: BodyStream | null) {
    super(response);
    this.#parts = parts;
    this.#stream = stream;
  }

  static partsOf(response: object): ResponseParts | null {
    return #parts in response ? (response as ResponseFields).#parts : null;
  }

  /**
   * Makes the bytes of an unread body bypass its stream. Returns the sink that collects them,
   * `null` for any other body: the stream is locked after `clone` and while it has a reader.
   */
  static gather(response: object): BodySink | null {
    if (!(#parts in response)) return null;
    const { sink, fields } = (response as ResponseFields).#parts;
    const stream = (response as ResponseFields).#stream;
    return sink && stream && !stream.locked && sink.gather(lengthOf(fields)) ? sink : null;
  }
}

/**
 * Up to this length the memory of a body is allocated at once: a server may announce any length.
 */
const MAX_RESERVED = 1024 * 1024 * 1024;

/** The length of the body by its headers, `null` if it is unknown, encoded or larger than that. */
function lengthOf(fields: readonly Field[]): number | null {
  let length = null;
  for (const [name, value] of fields) {
    const known = name.toLowerCase();
    if (known === "content-encoding") return null;
    if (known === "content-length") length = Number(value);
  }
  return length !== null && length <= MAX_RESERVED ? length : null;
}

/** The parts of a response that curlew made, `null` for any other response. */
function partsOf(response: Response): ResponseParts | null {
  return ResponseFields.partsOf(response);
}

const headersOf = Object.getOwnPropertyDescriptor(Response.prototype, "headers")?.get as (
  this: Response,
) => Headers;
const { arrayBuffer, blob: nativeBlob, bytes, clone: cloneOf, json, text } = Response.prototype;

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
 * Makes a method that reads a whole body. The native method marks the body as used, waits for its
 * end, and fails if the body fails; only the bytes bypass the stream.
 */
function reader<T>(
  native: (this: Response) => Promise<T>,
  read: (bytes: Uint8Array<ArrayBuffer>) => T,
) {
  const { name } = native;
  const whole = async (response: Response, sink: BodySink) => {
    await arrayBuffer.call(response);
    return read(sink.takeGathered());
  };
  const method = {
    [name](this: Response): Promise<T> {
      const sink = isInstance(this, Response) ? ResponseFields.gather(this) : null;
      return sink ? whole(this, sink) : native.call(this);
    },
  };
  return { value: method[name], configurable: true, enumerable: true, writable: true };
}

/** `blob()` with the media type, which Bun's own omits if the body is a stream of JavaScript. */
async function blob(this: Response): Promise<Blob> {
  const found: Blob = await nativeBlob.call(this), type = this.headers.get("content-type");
  if (!type || found.type) return found;
  return await new Response(found, { headers: { "content-type": type } }).blob();
}

const decoder = new TextDecoder();

/**
 * The methods that read whole bodies. `formData` and `blob` read the stream: a Blob has memory of
 * its own, to which the bytes would be copied once more.
 */
const READERS = {
  arrayBuffer: reader(arrayBuffer, ({ buffer }) => buffer),
  bytes: reader(bytes, (bytes) => bytes),
  json: reader(json, (bytes) => JSON.parse(decoder.decode(bytes))),
  text: reader(text, (bytes) => decoder.decode(bytes)),
};

/**
 * The prototype of all responses, which is cheaper than own properties. Native code, such as a
 * server that sends the response, does not use it: it reads the native body.
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
    return attachFields(cloneOf.call(this), partsOf(this) as ResponseParts, null);
  }),
  ...READERS,
  ...native.runtime === "bun" && { blob: method(blob) },
});

/** The prototype of responses whose status the constructor refuses. */
const ODD_STATUS_PROTOTYPE: object = Object.create(PROTOTYPE, {
  status: get(function () {
    return (partsOf(this) as ResponseParts).status;
  }),
});

/** Attaches the parts to a response, and the prototype that uses them. */
function attachFields(
  response: Response,
  parts: ResponseParts,
  stream: BodyStream | null,
): Response {
  new ResponseFields(response, parts, stream);
  const isOdd = parts.status > MAX_STATUS;
  return Object.setPrototypeOf(response, isOdd ? ODD_STATUS_PROTOTYPE : PROTOTYPE);
}

/**
 * Returns the data about the transfer of a response: the present data until the body has ended,
 * then the final data.
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
