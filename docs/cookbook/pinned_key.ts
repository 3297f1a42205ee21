// Accepts only a server with a known key, whoever has signed its certificate. A list of keys, as
// here, can contain the server's next key.
//
//   deno run --allow-ffi docs/cookbook/pinned_key.ts https://internal.example/ ca.pem sha256//KEY
//   bun docs/cookbook/pinned_key.ts https://internal.example/ ca.pem sha256//KEY
//   > the right key: 200
//   > another key: CURLE_SSL_PINNEDPUBKEYNOTMATCH
import process from "node:process";
import { CurlEasyError, fetch } from "curlew";

const [url, CAINFO, key] = process.argv.slice(2);
if (!url || !CAINFO || !key) throw new Error("Usage: pinned_key.ts URL CA KEY");
const OTHER = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

const response = await fetch(url, {
  timeout: 10_000,
  curl: { CAINFO, PINNEDPUBLICKEY: `${OTHER};${key}` },
});
await response.body?.cancel();
console.log(`the right key: ${response.status}`);
try {
  await fetch(url, { timeout: 10_000, curl: { CAINFO, PINNEDPUBLICKEY: OTHER } });
} catch (error) {
  const { cause } = error as TypeError;
  if (!(cause instanceof CurlEasyError)) throw error;
  console.log(`another key: ${cause.codeName}`);
}
