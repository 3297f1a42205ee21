// Byte i of every generated body is i & 0xff, so a test can check any part without the others.
import { Buffer } from "node:buffer";

export const BLOCK = Buffer.alloc(65536);
for (let i = 0; i < BLOCK.length; i++) BLOCK[i] = i & 0xff;

/** The pattern's bytes [from, to). */
export function pattern(from, to) {
  const out = Buffer.allocUnsafe(to - from);
  for (let at = from; at < to;) {
    const off = at & 0xff;
    at += BLOCK.copy(out, at - from, off, Math.min(BLOCK.length, off + to - at));
  }
  return out;
}

/** Writes [from, to) and ends; waits for "drain", so a slow reader costs no memory. */
export function pump(out, from, to) {
  let at = from;
  const step = () => {
    while (at < to) {
      if (out.destroyed) return;
      const off = at & 0xff;
      const n = Math.min(BLOCK.length - off, to - at);
      at += n;
      if (!out.write(BLOCK.subarray(off, off + n)) && at < to) return out.once("drain", step);
    }
    out.end();
  };
  step();
}
