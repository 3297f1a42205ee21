/**
 * A look at how a stream begins.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/** How much is taken before it counts as a stream. */
const LIMIT = 4 * 1024 * 1024;

type Bytes = Uint8Array<ArrayBuffer>;
/** What a read gives. */
export interface ReadResult {
  readonly done: boolean;
  readonly value?: Uint8Array | undefined;
}

type Reading = Promise<ReadResult>;

/** The whole content, where it is all there at once, else a stream of the same content. */
export async function peek(
  stream: ReadableStream<Uint8Array>,
): Promise<Bytes | ReadableStream<Uint8Array>> {
  const reader = stream.getReader(), begin: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const reading = reader.read(), found = await atOnce(reading);
    // one chunk may be larger than the limit and yet be all
    if (!found || (size > LIMIT && !found.done)) return joined(begin, reading, reader);
    if (found.done) return new Uint8Array(await new Blob(begin as Bytes[]).arrayBuffer());
    if (!(ArrayBuffer.isView(found.value) && found.value instanceof Uint8Array)) {
      return joined(begin, reading, reader);
    }
    begin.push(found.value);
    size += found.value.length;
  }
}

/** What a read gives in this turn of the loop; `null` where it takes longer or fails. */
async function atOnce(reading: Reading): Promise<ReadResult | null> {
  const later = new Promise<null>((resolve) => setImmediate(() => resolve(null)));
  return await Promise.race([reading.catch(() => null), later]);
}

/** What was read, what is being read, and the rest. */
function joined(
  begin: Uint8Array[],
  reading: Reading,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  let next: Reading | null = reading;
  return new ReadableStream({
    async pull(controller) {
      const first = begin.shift();
      if (first) return controller.enqueue(first);
      const { done, value } = await (next ?? reader.read());
      next = null;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
