/**
 * Body sources: the body of a request in any of its types, as bytes or as a stream to pull from.
 *
 * @module
 */

import { bytesOf } from "../../handles/base/views.ts";
import { dictionary } from "../../members.ts";
import { isInstance } from "../../untrusted.ts";
import { copyOf } from "../bytes.ts";
import { chunkReader, MAX_KNOWN_SIZE } from "./blob_chunks.ts";
import { namedContent } from "./named_blob.ts";
import { ByteReader, isBacked } from "./byte_reader.ts";
import { type BodyReader, peek } from "./peek.ts";
import { blobSize, blobType, cancelStream, isDisturbed, isLocked, readerOf } from "./platform.ts";
import type { FileBody } from "./file_feeder.ts";
import { serializeForm } from "./form_data.ts";
import { typeError } from "../errors.ts";

/** The types of a request body. */
export type FetchBody =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | FormData
  | URLSearchParams
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>;

/** A request body, whatever its type. */
export interface BodySource {
  /** The media type that its type implies, `null` if none. */
  readonly type: string | null;
  /** Its length in bytes, `null` if unknown. */
  readonly length: number | null;
  /** The bytes, `null` if they are read later. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** The file that has all of it, where it is known. */
  readonly file: FileBody | null;
  /** Whether {@linkcode open} can be called again, to send the body once more. */
  readonly replayable: boolean;
  /** Whether it is a stream: what the standard calls a body whose source is null. */
  readonly isStream: boolean;
  /** Opens a reader at the beginning. */
  open(): BodyReader;
  /** Releases the body, if it will not be read. */
  cancel(reason: unknown): void;
}

/** What a source has unless it says otherwise: all members, for nothing is read from a prototype. */
export const UNKNOWN_BODY = {
  type: null,
  length: null,
  bytes: null,
  file: null,
  isStream: false,
  cancel(): void {},
} as const;

function fromBytes(bytes: Uint8Array<ArrayBuffer>, type: string | null): BodySource {
  const open = () => new Blob([bytes]).stream().getReader();
  return { ...UNKNOWN_BODY, type, bytes, length: bytes.length, replayable: true, open };
}

async function fromBlob(blob: Blob): Promise<BodySource> {
  const { size: length, replayable, file, chunks } = await namedContent(blob);
  const open = () => chunkReader(chunks()), type = blobType(blob) || null;
  return { ...UNKNOWN_BODY, type, length, file, replayable, open };
}

/** The source of a form. Its files are read while they are sent. */
async function fromForm(form: FormData): Promise<BodySource> {
  const { type, length, replayable, chunks } = await serializeForm(form);
  const open = () => chunkReader(chunks());
  return { ...UNKNOWN_BODY, type, length, replayable, open };
}

/** Refuses a stream whose beginning may be gone, as the standard does ("extract a body"). */
function checkUnused(stream: ReadableStream, what: string): void {
  if (isLocked(stream)) throw typeError(`Cannot send the body: ${what} is locked`);
  if (!isDisturbed(stream)) return;
  throw typeError(`Cannot send the body: ${what} was read or cancelled already`);
}

function fromStream(stream: ReadableStream<Uint8Array>): BodySource {
  checkUnused(stream, "the stream");
  const open = () => isBacked(stream) ? new ByteReader(stream) : readerOf(stream);
  const cancel = (reason: unknown) => cancelStream(stream, reason);
  return { ...UNKNOWN_BODY, replayable: false, isStream: true, open, cancel };
}

const encoder = new TextEncoder();

/** The methods of an iterator, read once. Throws `TypeError` where the value is no async iterable. */
function iteratorOf(source: AsyncIterable<unknown>) {
  const make: unknown = source[Symbol.asyncIterator];
  if (typeof make !== "function") throw badIterable("Symbol.asyncIterator is no function");
  const chunks: unknown = Reflect.apply(make, source, []);
  if (!isObject(chunks)) throw badIterable("Symbol.asyncIterator returned no object");
  const { next } = chunks;
  if (typeof next !== "function") throw badIterable("its iterator has no function next");
  const end = async (reason: unknown) => {
    const { return: finish } = chunks;
    if (typeof finish === "function") await Reflect.apply(finish, chunks, [reason]);
  };
  return { next: async () => resultOf(await Reflect.apply(next, chunks, [])), end };
}

const badIterable = (why: string) => typeError(`Cannot send the body, an async iterable: ${why}`);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null || typeof value === "function";

/** The result of `next()`. Throws `TypeError` for something else. */
function resultOf(result: unknown): { done: unknown; value: unknown } {
  if (!isObject(result)) throw badIterable(`next() returned ${typeof result}, expected an object`);
  const { done } = result;
  return { done, value: done ? undefined : result["value"] };
}

function fromIterable(source: AsyncIterable<Uint8Array | string>): BodySource {
  const { next, end: cancel } = iteratorOf(source);
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
    const { done, value } = await next();
    if (done) controller.close();
    else {controller.enqueue(
        typeof value === "string" ? encoder.encode(value) : value as Uint8Array,
      );}
  };
  const strategy = dictionary({ highWaterMark: 0 });
  return fromStream(new ReadableStream(dictionary({ pull, cancel }), strategy));
}

/** The source of a body of any type. Throws `TypeError` for a `Bun.file()` that cannot be read. */
export async function bodySource(body: FetchBody): Promise<BodySource> {
  if (isInstance(body, Blob)) return await fromBlob(body);
  if (isInstance(body, FormData)) return await fromForm(body);
  return syncBodySource(body) ?? streamSource(body) ?? syncBodySource(`${body}`) as BodySource;
}

/**
 * The source of the body of a `Request`, which is always a stream. If all of it is available at
 * once it becomes bytes, which have a length and can be sent again.
 */
export async function requestSource(stream: ReadableStream<Uint8Array>): Promise<BodySource> {
  checkUnused(stream, "the body of the Request");
  const found = await peek(stream);
  return isInstance(found, ReadableStream) ? fromStream(found) : fromBytes(found, null);
}

/** The source of a body whose bytes are available now, `null` for any other type. */
export function syncBodySource(body: FetchBody): BodySource | null {
  if (typeof body === "string") return fromBytes(encoder.encode(body), "text/plain;charset=UTF-8");
  if (isInstance(body, URLSearchParams)) {
    const type = "application/x-www-form-urlencoded;charset=UTF-8";
    return fromBytes(encoder.encode(String(body)), type);
  }
  const bytes = copyOf(body, "Cannot fetch: the body cannot be read"); // a copy: the caller may change the bytes while they are sent
  return bytes && fromBytes(bytes, null);
}

/**
 * The source of a body whose bytes are read later, without waiting for the examination of a Blob;
 * `null` for other types and for a form. A Blob of size 0 may be a `Bun.file()` of unknown size.
 */
export function asyncBodySource(body: FetchBody): BodySource | null {
  if (!isInstance(body, Blob)) return streamSource(body);
  const size = blobSize(body), length = size > 0 && size < MAX_KNOWN_SIZE ? size : null;
  const chunks = async function* () {
    yield* (await namedContent(body)).chunks();
  };
  const open = () => chunkReader(chunks());
  return { ...UNKNOWN_BODY, length, replayable: true, open };
}

/** Whether a value is a body as such, and is not converted to text. */
export function isBody(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value === "string";
  const classes: readonly (abstract new () => object)[] = [
    Blob,
    FormData,
    URLSearchParams,
    ReadableStream,
  ];
  return bytesOf(value) !== null || classes.some((of) => isInstance(value, of)) ||
    Symbol.asyncIterator in value;
}

/** The source of a body that can be read only once, `null` for any other type. */
function streamSource(body: FetchBody): BodySource | null {
  if (isInstance(body, ReadableStream)) return fromStream(body);
  if (typeof body === "object" && body !== null && Symbol.asyncIterator in body) {
    return fromIterable(body as AsyncIterable<Uint8Array | string>);
  }
  return null;
}
