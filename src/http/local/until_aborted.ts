/**
 * The body of a local resource, which an abort ends.
 *
 * @module
 */

import { dictionary } from "../../members.ts";
import { onAbortWithoutRef, reasonOf } from "../../signals.ts";

/**
 * A stream with the chunks of another one, which fails with the signal's reason until its end has
 * been read. Nothing is read ahead: a pipe would have come to its end on Bun before anybody reads.
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
        reader.cancel(reasonOf(signal)).catch(() => {}); // its error is the reader's no more
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
