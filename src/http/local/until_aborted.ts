/**
 * The body of a local resource, which an abort ends with an error.
 *
 * @module
 */

import { dictionary } from "../../members.ts";
import { onAbortWithoutRef, reasonOf } from "../../signals.ts";

/**
 * A stream with the chunks of another one, which fails with the signal's reason until its end was
 * read. It does not read ahead: on Bun a pipe would have ended before the caller reads.
 */
export function untilAborted(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = stream.getReader();
  let unlisten = () => {};
  const source: UnderlyingSource<Uint8Array<ArrayBuffer>> = dictionary({
    start(controller: ReadableStreamDefaultController) {
      unlisten = onAbortWithoutRef(signal, () => {
        controller.error(reasonOf(signal));
        // the reader of this stream already has an error
        reader.cancel(reasonOf(signal)).catch(() => {});
      });
    },
    async pull(controller: ReadableStreamDefaultController) {
      const { done, value } = await reader.read();
      if (!done) return controller.enqueue(value);
      unlisten();
      controller.close();
    },
    async cancel(reason: unknown) {
      unlisten();
      await reader.cancel(reason);
    },
  });
  return new ReadableStream(source, dictionary({ highWaterMark: 0 }));
}
