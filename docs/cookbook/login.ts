// Requests with a user and a password: by Basic, or by any method that the server offers, such as
// Digest.
//
//   deno run --allow-ffi docs/cookbook/login.ts https://example.com/basic https://example.com/digest
//   bun docs/cookbook/login.ts https://example.com/basic https://example.com/digest
//   > Basic: 200
//   > any: 200
import process from "node:process";
import { constants, fetch } from "curlew";

const [basicUrl, digestUrl] = process.argv.slice(2);
if (!basicUrl || !digestUrl) throw new Error("Usage: login.ts BASIC_URL DIGEST_URL");

// Basic is a header: it is sent with the first request, also with a POST
const basic = await fetch(basicUrl, {
  headers: { Authorization: `Basic ${btoa("user:pass")}` },
  timeout: 10_000,
});
await basic.body?.cancel();
console.log(`Basic: ${basic.status}`);

// libcurl first asks without credentials, and then uses the best method that the server offers
const any = await fetch(digestUrl, {
  timeout: 10_000,
  curl: { USERNAME: "user", PASSWORD: "pass", HTTPAUTH: constants.CURLAUTH_ANY },
});
await any.body?.cancel();
console.log(`any: ${any.status}`);
