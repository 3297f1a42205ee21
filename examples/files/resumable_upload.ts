// An upload that resumes where it was interrupted, by the protocol of tus.io (1.0.0): the server
// assigns a URL to the upload, which reports how many bytes it has. Run it again after it was
// stopped: the URL is kept in FILE.upload until all bytes are sent.
//
//   deno run --allow-ffi --allow-read --allow-write examples/files/resumable_upload.ts \
//     https://files.example/upload photo.raw
//   bun examples/files/resumable_upload.ts https://files.example/upload photo.raw
//   > photo.raw: 3000000 of 3000000 bytes are there
//   2> cut off: CURLE_…
//   2> goes on at … of 3000000 bytes
import { existsSync, openAsBlob, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { CurlEasyError, fetch, upload } from "curlew";

const [url, path] = process.argv.slice(2);
if (!url || !path) throw new Error("Usage: resumable_upload.ts URL FILE");
const TUS = { "Tus-Resumable": "1.0.0" }, kept = `${path}.upload`, file = await openAsBlob(path);

/** Creates an upload of that size on the server. Returns its URL. */
async function begin(url: string): Promise<string> {
  const headers = { ...TUS, "Upload-Length": String(file.size) };
  const response = await fetch(url, { method: "POST", headers, timeout: 30_000 });
  const location = response.headers.get("location");
  if (response.status !== 201 || !location) throw new Error(`No upload: ${response.status}`);
  const target = new URL(location, url).href;
  writeFileSync(kept, target);
  return target;
}

/** The number of bytes that the server has. */
async function offsetOf(target: string): Promise<number> {
  const response = await fetch(target, { method: "HEAD", headers: TUS, timeout: 30_000 });
  if (!response.ok) throw new Error(`The upload is gone: ${response.status}`);
  return Number(response.headers.get("upload-offset"));
}

const target = existsSync(kept) ? readFileSync(kept, "utf8") : await begin(url);
for (let attempt = 1;; attempt++) {
  const offset = await offsetOf(target);
  if (offset === file.size) break;
  if (offset > 0) console.error(`goes on at ${offset} of ${file.size} bytes`);
  const type = { "Content-Type": "application/offset+octet-stream" };
  const headers = { ...TUS, ...type, "Upload-Offset": String(offset) };
  try {
    const { status } = await upload(file.slice(offset), target, { method: "PATCH", headers });
    if (status !== 204) throw new Error(`The server answered ${status}`);
  } catch (error) {
    const { cause } = error as Error;
    if (!(cause instanceof CurlEasyError) || attempt === 10) throw error;
    console.error(`cut off: ${cause.codeName}`);
    await sleep(Math.min(100 * 2 ** attempt, 30_000));
  }
}
rmSync(kept);
console.log(`${path}: ${file.size} of ${file.size} bytes are there`);
