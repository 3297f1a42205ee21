// A download that resumes where the last attempt ended. Stop it with Ctrl-C, and run it again. FILE
// may be a folder: then the server or the URL determines the name.
//
//   deno run --allow-ffi --allow-read --allow-write --allow-env examples/files/resume.ts \
//     https://example.com/big.bin big.bin
//   bun examples/files/resume.ts https://example.com/big.bin big.bin
//   > …/big.bin: 300000 bytes in … s
import process from "node:process";
import { SingleBar } from "cli-progress";
import { download } from "curlew";

const [url, target = "."] = process.argv.slice(2);
if (!url) throw new Error("Usage: resume.ts URL [FILE]");

const stop = new AbortController();
process.once("SIGINT", () => stop.abort(new Error("stopped, run it again to go on")));

const bar = new SingleBar({ format: "{bar} {percentage}% {value}/{total} bytes" });
bar.start(0, 0);
try {
  const { path, bytes, resumed, info } = await download(url, target, {
    signal: stop.signal,
    curl: { LOW_SPEED_LIMIT: 1, LOW_SPEED_TIME: 30 }, // fails after 30 s without a byte
    onProgress({ bytes, total }) {
      bar.setTotal(total ?? bytes);
      bar.update(bytes);
    },
  });
  bar.stop();
  const how = resumed ? `the last ${info.bytesIn} of ` : "";
  console.log(`${path}: ${how}${bytes} bytes in ${(info.total / 1000).toFixed(1)} s`);
} catch (error) {
  bar.stop();
  console.error((error as Error).message);
  process.exitCode = 1;
}
