// Cookies that calls share, saved as JSON for the next run.
//
//   deno run --allow-ffi docs/cookbook/cookie_jar.ts https://example.com
//   bun docs/cookbook/cookie_jar.ts https://example.com
//   > {"sid":"1"}
//   > sid for …
//   > the next time: {"sid":"1"}
import process from "node:process";
import { fetch } from "curlew";
import { CookieJar } from "curlew/session";

const [base] = process.argv.slice(2);
if (!base) throw new Error("Usage: cookie_jar.ts BASE_URL");

const cookies = new CookieJar();
await (await fetch(`${base}/login`, { cookies, timeout: 10_000 })).body?.cancel();
console.log(await (await fetch(`${base}/me`, { cookies, timeout: 10_000 })).text());
for (const { name, domain } of cookies) console.log(`${name} for ${domain}`);

// `cookies.save(path)` writes a file that only the user can read
const saved = JSON.stringify(cookies);
const later = CookieJar.fromJSON(JSON.parse(saved));
const again = await fetch(`${base}/me`, { cookies: later, timeout: 10_000 });
console.log(`the next time: ${await again.text()}`);
