/**
 * The parser for `data:` URLs: {@link https://fetch.spec.whatwg.org/#data-urls}.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { latin1 } from "../../../ffi/c_text.ts";
import { trimmed } from "../../trim.ts";
import { latin1Bytes } from "../bytes.ts";
import { normalizedMimeType } from "./mime_type.ts";

/** The content of a `data:` URL. */
export interface DataUrl {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const DEFAULT_TYPE = "text/plain;charset=US-ASCII";

/** Parses a `data:` URL; `null` if it is malformed. */
export function parseDataUrl(href: string): DataUrl | null {
  const [bare = ""] = href.split("#", 1), comma = bare.indexOf(",");
  if (comma < 0) return null;
  const data = percentDecodedBytes(bare.slice(comma + 1));
  const meta = trimmed(bare.slice("data:".length, comma), "\t\n\f\r ");
  const given = meta.replace(/; *base64$/i, ""), isBase64 = given !== meta;
  const bytes = isBase64 ? fromBase64(data) : data;
  const type = normalizedMimeType(given.startsWith(";") ? `text/plain${given}` : given);
  return bytes && { type: type ?? DEFAULT_TYPE, bytes };
}

function percentDecodedBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const hex = bytes[i] === 0x25 ? /^%([\da-f]{2})/i.exec(latin1(bytes.subarray(i, i + 3))) : null;
    bytes[length++] = hex ? parseInt(hex[1] as string, 16) : bytes[i] as number;
    if (hex) i += 2;
  }
  return bytes.slice(0, length);
}

function fromBase64(data: Uint8Array): Uint8Array<ArrayBuffer> | null {
  try {
    return latin1Bytes(atob(Buffer.from(data).toString("latin1")));
  } catch {
    return null;
  }
}
