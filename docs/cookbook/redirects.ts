// Follows redirects one by one: `manual` returns the response itself, with its status and
// `Location`.
//
//   deno run --allow-ffi docs/cookbook/redirects.ts https://example.com/redirect
//   bun docs/cookbook/redirects.ts https://example.com/redirect
//   > 302 to /…
//   > 302 to /…
//   > 200 at …
import process from "node:process";
import { fetch } from "curlew";

let [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: redirects.ts URL");

for (let hop = 0; hop < 20; hop++) {
  const response: Response = await fetch(url, { redirect: "manual", timeout: 10_000 });
  await response.body?.cancel();
  const location: string | null = response.headers.get("location");
  if (!location || response.status < 300 || response.status > 399) {
    console.log(`${response.status} at ${url}`);
    break;
  }
  url = new URL(location, url).href;
  console.log(`${response.status} to ${new URL(url).pathname}`);
}
