// The bodies of uploads, by kind.
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

/** The piece of which uploads consist. */
export const PIECE = new Uint8Array(65536).fill(120);

/** A stream of `size` bytes. */
function streamOf(size) {
  let left = size;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      const length = Math.min(left, PIECE.length);
      left -= length;
      controller.enqueue(PIECE.slice(0, length));
    },
  });
}

/** The file of an upload from a file; it is deleted when the process exits. */
export const FILE = join(tmpdir(), `curlew-bench-upload-${process.pid}`);

const bytesOf = (size) => new Uint8Array(size).fill(120);

/** A file as a body, in the way of each runtime: a Blob on Bun, a stream on Deno. */
async function fileOf(size) {
  writeFileSync(FILE, bytesOf(size));
  process.once("exit", () => rmSync(FILE, { force: true }));
  if ("Bun" in globalThis) return globalThis.Bun.file(FILE);
  return (await globalThis.Deno.open(FILE)).readable;
}

/** Functions from the number of bytes to a body. */
export const UPLOADS = {
  stream: streamOf,
  bytes: bytesOf,
  blob: (size) => new Blob([bytesOf(size)]),
  file: fileOf,
};
