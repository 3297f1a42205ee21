// A GET of JSON with a time limit. A status of 404 is not an error by itself.
//
//   deno run --allow-ffi docs/cookbook/get_json.ts https://example.com/user.json
//   bun docs/cookbook/get_json.ts https://example.com/user.json
//   > 200 application/json: Ada
import process from "node:process";
import { fetch } from "curlew";

const [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: get_json.ts URL");

const response = await fetch(url, {
  headers: { Accept: "application/json" },
  timeout: 10_000, // for the whole call, in ms
  connectTimeout: 3_000, // for name lookup, connecting and TLS
});
if (!response.ok) throw new Error(`${url} answered ${response.status}`);
const { name } = await response.json() as { name: string };
console.log(`${response.status} ${response.headers.get("content-type")}: ${name}`);
