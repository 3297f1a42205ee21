/**
 * The parser for `data:` URLs: {@link https://fetch.spec.whatwg.org/#data-urls}.
 *
 * @module
 */

import { latin1Bytes } from "../bytes.ts";

/** The content of a `data:` URL. */
export interface DataUrl {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const DEFAULT_TYPE = "text/plain;charset=US-ASCII";

/** Parses a `data:` URL; `null` if it is malformed. */
export function parseDataUrl(href: string): DataUrl | null {
  const comma = href.indexOf(",");
  if (comma < 0) return null;
  const end = href.indexOf("#", comma);
  const data = percentDecodedBytes(href.slice(comma + 1, end < 0 ? undefined : end));
  const meta = href.slice("data:".length, comma).trim();
  const given = meta.replace(/; *base64$/i, ""), isBase64 = given !== meta;
  const bytes = isBase64 ? fromBase64(data) : data;
  return bytes && { type: mediaType(given), bytes };
}

function mediaType(given: string): string {
  if (given.startsWith(";")) return `text/plain${given}`;
  return /^[!#$%&'*+\-.^_`|~\w]+\/[!#$%&'*+\-.^_`|~\w]+/.test(given) ? given : DEFAULT_TYPE;
}

function percentDecodedBytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(text);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const hex = bytes[i] === 0x25 ? /^%([\da-f]{2})/i.exec(ascii(bytes.subarray(i, i + 3))) : null;
    bytes[length++] = hex ? parseInt(hex[1] as string, 16) : bytes[i] as number;
    if (hex) i += 2;
  }
  return bytes.slice(0, length);
}

function fromBase64(data: Uint8Array): Uint8Array<ArrayBuffer> | null {
  try {
    return latin1Bytes(atob(new TextDecoder().decode(data)));
  } catch {
    return null;
  }
}

const ascii = (bytes: Uint8Array) => String.fromCharCode(...bytes);
