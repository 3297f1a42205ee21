// Headers in a given order and letter case; `null` removes one that is sent by default.
//
//   deno run --allow-ffi docs/cookbook/headers.ts https://example.com/echo
//   bun docs/cookbook/headers.ts https://example.com/echo
//   > Host: …
//   > X-First: 1
//   > x-second: 2
import process from "node:process";
import { fetch } from "curlew";

const [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: headers.ts URL");

const response = await fetch(url, {
  headers: {
    "X-First": "1",
    "x-second": "2",
    Accept: null,
    "User-Agent": null,
    "Accept-Encoding": null,
  },
  timeout: 10_000,
});
const { headers } = await response.json() as { headers: [string, string][] };
for (const [name, value] of headers) console.log(`${name}: ${value}`);
