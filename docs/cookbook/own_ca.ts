// TLS with your own certificate authority, as bytes or as a path (CAINFO). The verification stays
// on.
//
//   deno run --allow-ffi --allow-read docs/cookbook/own_ca.ts https://internal.example/ ca.pem
//   bun docs/cookbook/own_ca.ts https://internal.example/ ca.pem
//   > without it: CURLE_PEER_FAILED_VERIFICATION
//   > with it: 200
import { readFile } from "node:fs/promises";
import process from "node:process";
import { CurlEasyError, fetch } from "curlew";

const [url, path] = process.argv.slice(2);
if (!url || !path) throw new Error("Usage: own_ca.ts URL CA");

try {
  await fetch(url, { timeout: 10_000 });
} catch (error) {
  const { cause } = error as TypeError;
  if (!(cause instanceof CurlEasyError)) throw error;
  console.log(`without it: ${cause.codeName}`);
}
const response = await fetch(url, {
  timeout: 10_000,
  curl: { CAINFO_BLOB: await readFile(path) },
});
await response.body?.cancel();
console.log(`with it: ${response.status}`);
