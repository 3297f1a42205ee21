// Records the transfers of a program as an HTTP archive, which the network panel of a browser
// opens, and as a chart in the terminal, without secrets.
//
//   deno run --allow-ffi --allow-read --allow-write docs/cookbook/har.ts https://example.com/
//   bun docs/cookbook/har.ts https://example.com/
//   > …GET 200 …
//   > …
//   > 2 entries in requests.har
import process from "node:process";
import { fetch } from "curlew";
import { recordHar, waterfall } from "curlew/observe";

const [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: har.ts URL");

using recorder = recordHar(null); // of all calls without an agent
await (await fetch(url, { timeout: 10_000 })).text();
await (await fetch(`${url}?key=s3cr3t`, { timeout: 10_000 })).text();

console.log(waterfall(recorder.har()).text({ width: 72, color: false }));
await recorder.save("requests.har");
console.log(`${recorder.har().log.entries.length} entries in requests.har`);
