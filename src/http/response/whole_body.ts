/**
 * Bodies whose bytes have all arrived, in the form that the runtime's own `fetch` gives them.
 *
 * @module
 */

import { native } from "../../../ffi/mod.ts";
import { dictionary } from "../../members.ts";
import { BodySink, type BodyStream } from "./body_stream.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What a `Response` is made of: bytes, a byte stream, or `null` if it has no body. */
export type Body = BodyStream | Bytes | null;

/**
 * On Bun a `Response` made of bytes is what its own `fetch` gives: it costs a third of a stream to
 * read, and native code sends it in one piece. On Deno that is a byte stream: a `Response` made of
 * bytes would share them with its clones there, and have no BYOB reader.
 */
const takesBytes = native.runtime === "bun";

/** Up to so many bytes a body is moved out of its queue, where it may take more than its size. */
const MAX_WHOLE = takesBytes ? Infinity : 64 * 1024;

/** Makes the body of a transfer's response. An abort of the signal ends it until it was read. */
export function bodyOf(sink: BodySink, signal: AbortSignal | null): Body {
  const bytes = signal ? null : sink.takeWhole(MAX_WHOLE);
  return bytes ? wholeBody(bytes, null) : sink.open(signal);
}

/** Makes a body from all its bytes. An abort of the signal ends it until it was read. */
export function wholeBody(bytes: Bytes, signal: AbortSignal | null): Body {
  if (signal) return BodySink.filled(bytes).open(signal);
  return takesBytes ? bytes : byteStream(bytes);
}

function byteStream(bytes: Bytes): BodyStream {
  const source: UnderlyingByteSource = dictionary({
    type: "bytes" as const,
    start(controller: ReadableByteStreamController) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
  return new ReadableStream(source, dictionary({})) as BodyStream;
}
