// Limits the size of a response body. Decoded bytes count, so the limit also ends a small
// compressed body that unpacks to gigabytes.
//
//   deno run --allow-ffi docs/cookbook/limited_body.ts https://example.com/big.bin
//   bun docs/cookbook/limited_body.ts https://example.com/big.bin
//   > CURLE_FILESIZE_EXCEEDED
import process from "node:process";
import { CurlEasyError, fetch } from "curlew";

const [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: limited_body.ts URL");

try {
  const response = await fetch(url, { maxBodySize: 100_000, timeout: 10_000 });
  console.log((await response.arrayBuffer()).byteLength);
} catch (error) {
  const { cause } = error as TypeError;
  if (!(cause instanceof CurlEasyError)) throw error;
  console.log(cause.codeName);
}
