// Requests an HTTP version, and prints the version that was used.
//
//   deno run --allow-ffi docs/cookbook/http_version.ts https://example.com/
//   bun docs/cookbook/http_version.ts https://example.com/
//   > asked for 1.1: 1.1
//   > asked for nothing: …
import process from "node:process";
import { constants, fetch, transferInfo } from "curlew";

const [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: http_version.ts URL");

const old = await fetch(url, {
  timeout: 10_000,
  curl: { HTTP_VERSION: constants.CURL_HTTP_VERSION_1_1 },
});
await old.body?.cancel();
console.log(`asked for 1.1: ${transferInfo(old).httpVersion}`);

// over https this is HTTP/2, if both sides support it
const best = await fetch(url, { timeout: 10_000 });
await best.body?.cancel();
console.log(`asked for nothing: ${transferInfo(best).httpVersion}`);
