/**
 * The callbacks of a part that a stream gives the bytes of.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import { setImmediate } from "node:timers";
import { CurlReadFunc } from "../enums/callbacks.ts";
import { StreamSource } from "../stream_source.ts";
import type { MimeDataCallbacks } from "../types/values.ts";

/** Callbacks that read from a stream, pause where it has nothing, and destroy it at the end. */
export function streamCallbacks(stream: Readable, unpause: () => void): MimeDataCallbacks {
  let failure: Error | null = null, paused = false;
  const goOn = () => {
    if (!paused) return;
    paused = false;
    setImmediate(unpause); // it runs callbacks, for which the stream's events are no place
  };
  const source = new StreamSource(stream, {
    ready: goOn,
    failed(error) {
      failure = error;
      goOn();
    },
  });
  return {
    read(size) {
      if (failure) throw failure;
      const piece = source.read(size);
      if (piece !== undefined) return piece as Buffer | null;
      paused = true;
      return CurlReadFunc.Pause;
    },
    free() {
      source.detach();
      stream.destroy();
    },
  };
}
