// Downloads to a file, with a progress bar; the process can do other work meanwhile.
//
//   deno run --allow-ffi --allow-write --allow-env examples/files/download.ts \
//     https://example.com/big.bin big.bin
//   bun examples/files/download.ts https://example.com/big.bin big.bin
//   > 300000 bytes in … s: big.bin
import { closeSync, openSync, writeSync } from "node:fs";
import process from "node:process";
import { SingleBar } from "cli-progress";
import { Agent, CurlEasyError, Easy } from "curlew";

const [url, path] = process.argv.slice(2);
if (!url || !path) throw new Error("Usage: download.ts URL FILE");

/** Writes all bytes: a single write may write fewer. */
function writeAll(fd: number, bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at);
  return bytes.length;
}

const file = openSync(path, "w");
const bar = new SingleBar({ format: "{bar} {percentage}% {value}/{total} bytes" });
bar.start(0, 0);
await using agent = new Agent();
using easy = new Easy();
easy.setOpts({
  URL: url,
  FOLLOWLOCATION: true,
  FAILONERROR: true,
  LOW_SPEED_LIMIT: 1, // fails after half a minute without a byte
  LOW_SPEED_TIME: 30,
  NOPROGRESS: false,
  XFERINFOFUNCTION: (_data, total, now) => {
    bar.setTotal(total);
    bar.update(now);
  },
  WRITEFUNCTION: (bytes) => writeAll(file, bytes),
});

try {
  await agent.perform(easy);
  bar.stop();
  const seconds = easy.getInfo("TOTAL_TIME_T") / 1e6;
  console.log(`${easy.getInfo("SIZE_DOWNLOAD_T")} bytes in ${seconds.toFixed(1)} s: ${path}`);
} catch (error) {
  bar.stop();
  if (!(error instanceof CurlEasyError)) throw error;
  console.error(`${error.codeName}: ${error.message}`);
  process.exitCode = 1;
} finally {
  closeSync(file);
}
