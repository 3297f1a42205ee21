/**
 * Frames of a WebSocket client, as in {@link https://www.rfc-editor.org/rfc/rfc6455#section-5}.
 * libcurl does not write them, because before 8.16 it masks all frames of a connection with the
 * same key (CVE-2025-10148), and because its automatic pongs cannot go between two fragments.
 *
 * @module
 */

/** The opcodes. */
export const Opcode = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

const FIN = 0x80, MASKED = 0x80;

/** The maximum payload of a control frame. */
export const MAX_CONTROL = 125;

/** The maximum length of what precedes the payload. */
export const MAX_FRAME_HEAD = 14;

/** Writes a frame at `at`, and returns its end. `out` must be aligned to four bytes. */
export function writeFrame(
  out: Uint8Array<ArrayBuffer>,
  at: number,
  opcode: number,
  isLast: boolean,
  payload: Uint8Array,
): number {
  out[at++] = (isLast ? FIN : 0) | opcode;
  at = writeLength(out, at, payload.length);
  const key = nextKey();
  for (let i = 0; i < 4; i++) out[at++] = keys[key + i] as number;
  out.set(payload, at);
  mask(out, at, at + payload.length, key);
  return at + payload.length;
}

function writeLength(out: Uint8Array<ArrayBuffer>, at: number, length: number): number {
  if (length <= MAX_CONTROL) {
    out[at++] = MASKED | length;
    return at;
  }
  const wide = length > 0xffff, view = new DataView(out.buffer, out.byteOffset);
  out[at++] = MASKED | (wide ? 127 : 126);
  if (!wide) view.setUint16(at, length);
  else view.setBigUint64(at, BigInt(length));
  return at + (wide ? 8 : 2);
}

/** Random bytes for the masks of many frames: fetching four at a time costs more than masking. */
const keys = new Uint8Array(4096);
let nextAt = keys.length;

function nextKey(): number {
  if (nextAt === keys.length) {
    crypto.getRandomValues(keys);
    nextAt = 0;
  }
  nextAt += 4;
  return nextAt - 4;
}

function mask(out: Uint8Array<ArrayBuffer>, from: number, to: number, key: number): void {
  const byte = (i: number) => keys[key + ((i - from) & 3)] as number;
  const start = (from + 3) & ~3, words = Math.max(to - start, 0) >> 2;
  for (let i = from; i < Math.min(start, to); i++) out[i]! ^= byte(i);
  // four bytes at a time; all supported machines are little-endian
  const block = new Int32Array(out.buffer, out.byteOffset + start, words);
  const word = byte(start) | byte(start + 1) << 8 | byte(start + 2) << 16 | byte(start + 3) << 24;
  for (let i = 0; i < words; i++) block[i]! ^= word;
  for (let i = start + 4 * words; i < to; i++) out[i]! ^= byte(i);
}

/** The content of a Close frame. The code is 1005 if it has none. */
export interface CloseStatus {
  readonly code: number;
  readonly reason: string;
}

/** Close codes that must not be sent, or have no meaning yet. */
const RESERVED = new Set([1004, 1005, 1006]);
const LAST_DEFINED = 1014;

/** Whether a Close frame may contain that code. */
function isCloseCode(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= LAST_DEFINED && !RESERVED.has(code);
}

/** Makes the payload of a Close frame. */
export function closePayload(code: number | null, reason: Uint8Array): Uint8Array<ArrayBuffer> {
  if (code === null) return new Uint8Array(0);
  const payload = new Uint8Array(2 + reason.length);
  new DataView(payload.buffer).setUint16(0, code);
  payload.set(reason, 2);
  return payload;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the payload of a Close frame; `null` if it is malformed. Throws for invalid UTF-8. */
export function readClose(payload: Uint8Array<ArrayBuffer>): CloseStatus | null {
  if (payload.length === 0) return { code: 1005, reason: "" };
  if (payload.length === 1) return null;
  const code = new DataView(payload.buffer, payload.byteOffset).getUint16(0);
  return isCloseCode(code) ? { code, reason: strict.decode(payload.subarray(2)) } : null;
}
