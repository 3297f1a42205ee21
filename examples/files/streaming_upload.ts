// Uploads standard input of any length while it is read; or a file.
//
//   deno run --allow-ffi --allow-read examples/files/streaming_upload.ts \
//     https://upload.example/file < LOG
//   bun examples/files/streaming_upload.ts https://upload.example/file < LOG
//   > 201: 14 bytes in … s
import process from "node:process";
import { Readable } from "node:stream";
import { upload } from "curlew";

const [url, path] = process.argv.slice(2);
if (!url) throw new Error("Usage: streaming_upload.ts URL [FILE]");

/** Pulled only when libcurl wants more: a slow network slows the writing program down. */
const input = () => Readable.toWeb(process.stdin) as unknown as ReadableStream<Uint8Array>;

let shown = 0;
try {
  const { status, bytes, info } = await upload(path ?? input(), url, {
    headers: { "Content-Type": "application/octet-stream" },
    onProgress({ bytes, total }) {
      if (bytes - shown < 10_000_000) return;
      shown = bytes;
      console.error(`${bytes} of ${total ?? "?"} bytes`);
    },
  });
  console.log(`${status}: ${bytes} bytes in ${(info.total / 1000).toFixed(1)} s`);
  process.exitCode = status < 300 ? 0 : 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
