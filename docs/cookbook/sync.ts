// A fetch without `await`: for a script, or for a configuration that is needed first.
//
//   deno run --allow-ffi docs/cookbook/sync.ts https://example.com/
//   bun docs/cookbook/sync.ts https://example.com/
//   > 200 …Example Domain…
import process from "node:process";
import { fetchSync } from "curlew";

const [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: sync.ts URL");

const { status, body } = fetchSync(url, { timeout: 10_000 });
console.log(status, new TextDecoder().decode(body).trim());
