/**
 * Reads the body of an upload to its end, for protocols that cannot wait for more of it.
 *
 * @module
 */

import { setTimeout } from "node:timers";
import { bytesOf, isByteArray } from "../../handles/base/views.ts";
import type { BodySource } from "../request_body/source.ts";
import { typeError } from "../errors.ts";
import type { Deadline } from "../retry/deadline.ts";

/**
 * The time in ms after which the event loop runs other tasks, while chunks are available without
 * waiting.
 */
const SLICE_MS = 50;

/**
 * All bytes of a body. Throws the error of the body, of the deadline or of the signal; then the
 * body is cancelled.
 */
export async function readWhole(body: BodySource, deadline: Deadline): Promise<Uint8Array> {
  const reader = body.open(), pieces: Uint8Array<ArrayBuffer>[] = [];
  let turn = performance.now();
  try {
    for (;;) {
      const { done, value } = await deadline.wait(reader.read());
      if (done) break;
      const piece: Uint8Array | null = isByteArray(value) ? bytesOf(value) : null;
      if (piece === null) throw typeError("The body stream gave a chunk that is not a Uint8Array");
      pieces.push(piece.slice());
      if (performance.now() - turn < SLICE_MS) continue;
      // longer than the shortest timer, with which the deadline may end the wait
      await deadline.wait(new Promise((resolve) => setTimeout(resolve, 2)));
      turn = performance.now();
    }
  } catch (error) {
    reader.cancel(error).catch(() => {}); // nothing waits for the body any more
    throw error;
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
