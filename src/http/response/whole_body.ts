/**
 * Bodies that have arrived completely, in the form of the runtime's own `fetch`.
 *
 * @module
 */

import { native } from "../../../ffi/mod.ts";
import { dictionary } from "../../members.ts";
import { BodySink, type BodyStream } from "./body_stream.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** The body of a `Response`: bytes, a byte stream, or `null` if it has none. */
export type Body = BodyStream | Bytes | null;

/**
 * Whether a `Response` is made from bytes. Bun's own `fetch` does that: reading it costs a third of
 * reading a stream, and native code sends it in one piece. Deno's uses a byte stream: a `Response`
 * made from bytes would share them with its clones there, and have no BYOB reader.
 */
const takesBytes = native.runtime === "bun";

/** The largest body that is moved out of its queue, where it may occupy more than its size. */
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
