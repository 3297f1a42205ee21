/**
 * The callbacks of a part whose content comes from a stream.
 *
 * @module
 */

import type { Buffer } from "node:buffer";
import type { Readable } from "node:stream";
import { setImmediate } from "node:timers";
import { CurlReadFunc } from "../enums/callbacks.ts";
import { StreamSource } from "../stream_source.ts";
import type { MimeDataCallbacks } from "../types/values.ts";

/** Callbacks that read from a stream, pause while it has no data, and destroy it at the end. */
export function streamCallbacks(stream: Readable, unpause: () => void): MimeDataCallbacks {
  let failure: Error | null = null, paused = false;
  const goOn = () => {
    if (!paused) return;
    paused = false;
    setImmediate(unpause); // not inside the stream's event: unpausing runs callbacks
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
