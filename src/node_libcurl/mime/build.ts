/**
 * Makes the core's MIME parts from the recorded ones.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { Mime, type MimePart } from "../../handles/mime/mime.ts";
import type { MimeReader } from "../../handles/mime/reader.ts";
import { CurlPause, CurlReadFunc } from "../enums/callbacks.ts";
import { numberOf } from "../tables.ts";
import type { MimeDataCallbacks } from "../types/values.ts";
import { type Content, type CurlMime, insideOf, notesOf } from "./mime.ts";
import { isInstance } from "../../untrusted.ts";

/** The handle that sends the parts. */
export interface Sender {
  /** The `CurlPause` bits of the paused directions. */
  pauseFlags: number;
  /** Calls a function of the user inside a callback of libcurl. */
  call(fn: () => unknown): unknown;
}

const SEEK_OK = numberOf("CURL_SEEKFUNC_OK"), SEEK_FAIL = numberOf("CURL_SEEKFUNC_FAIL");

/** Makes the parts for a handle. Throws as the core's `Mime` does. */
export function buildMime(mime: CurlMime, sender: Sender): Mime {
  const built = new Mime();
  try {
    for (const part of insideOf(mime).parts) {
      const { content, ...notes } = notesOf(part);
      built.addPart({ ...notes, ...contentOf(content, sender) });
    }
  } catch (error) {
    built.close();
    throw error;
  }
  return built;
}

function contentOf(content: Content | undefined, sender: Sender): MimePart {
  if (!content) return {};
  if ("subparts" in content) return { subparts: buildMime(content.subparts, sender) };
  if (!("callbacks" in content)) return content;
  const reader = readerOf(content.callbacks, sender);
  return { reader: content.size >= 0 ? { ...reader, size: content.size } : reader };
}

function readerOf(callbacks: MimeDataCallbacks, sender: Sender): MimeReader {
  let left: Uint8Array | null = null;
  const reader: MimeReader = {
    read(buffer) {
      const given = left ?? bytesOf(sender.call(() => callbacks.read(buffer.length)));
      left = null;
      if (typeof given === "number") {
        if (given === CurlReadFunc.Pause) sender.pauseFlags |= CurlPause.Send;
        return given;
      }
      buffer.set(given.subarray(0, buffer.length));
      if (given.length > buffer.length) left = given.subarray(buffer.length);
      return Math.min(given.length, buffer.length);
    },
  };
  if (typeof callbacks.seek !== "function") return reader;
  return {
    ...reader,
    seek(offset, origin) {
      left = null;
      return sender.call(() => callbacks.seek!(offset, origin)) === true ? SEEK_OK : SEEK_FAIL;
    },
  };
}

function bytesOf(given: unknown): Uint8Array | number {
  if (given === null) return new Uint8Array();
  if (typeof given === "string") return Buffer.from(given);
  if (isInstance(given, Uint8Array)) return given;
  if (given === CurlReadFunc.Pause || given === CurlReadFunc.Abort) return given as number;
  throw new TypeError(
    `The read callback of a part returned ${typeof given}, expected a Buffer, a string, null or a ` +
      "CurlReadFunc",
  );
}
