/**
 * The encoders of MIME parts: {@link https://curl.se/libcurl/c/curl_mime_encoder.html}.
 *
 * @module
 */

import { bytesOf, joined } from "../shell/words.ts";

/** The largest length of an encoded line. */
const LINE = 76;

/** The bytes in an encoding. Throws `TypeError` for an encoder that libcurl does not know. */
export function encodeBody(bytes: Uint8Array, encoder: string | undefined): Uint8Array {
  switch (encoder?.toLowerCase()) {
    case undefined:
    case "binary":
    case "8bit":
      return bytes;
    case "7bit":
      if (bytes.every((byte) => byte < 0x80)) return bytes;
      throw new TypeError("Cannot encode the part as 7bit: it has bytes above 0x7f");
    case "base64":
      return base64(bytes);
    case "quoted-printable":
      return quotedPrintable(bytes);
    default:
      throw new TypeError("Cannot encode the part: unknown encoder");
  }
}

function base64(bytes: Uint8Array): Uint8Array {
  let units = "";
  for (const byte of bytes) units += String.fromCharCode(byte);
  return bytesOf(btoa(units).match(new RegExp(`.{1,${LINE}}`, "g"))?.join("\r\n") ?? "");
}

const CR = 13, LF = 10, TAB = 9, SPACE = 32, EQUALS = 61;

/** Encodes as quoted-printable: line ends are kept, and a blank before one is encoded. */
function quotedPrintable(bytes: Uint8Array): Uint8Array {
  const lines: string[] = [];
  let line = "";
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (byte === CR && bytes[i + 1] === LF) {
      lines.push(`${line}\r\n`);
      line = "";
      i++;
      continue;
    }
    const isEnd = i + 1 === bytes.length || (bytes[i + 1] === CR && bytes[i + 2] === LF);
    const text = printable(byte, isEnd);
    // a line that continues needs room for the "=" at its end
    const limit = isEnd ? LINE : LINE - 1;
    if (line.length + text.length > limit) {
      lines.push(`${line}=\r\n`);
      line = "";
    }
    line += text;
  }
  return joined([...lines, line].map((text) => bytesOf(text)));
}

function printable(byte: number, isEnd: boolean): string {
  const isBlank = byte === SPACE || byte === TAB;
  const isPlain = (byte > SPACE && byte < 0x7f && byte !== EQUALS) || (isBlank && !isEnd);
  if (isPlain) return String.fromCharCode(byte);
  return `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
