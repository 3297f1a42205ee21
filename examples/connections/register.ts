// A program that does not import curlew: with `curlew/register` before it, libcurl makes its
// requests, so that it can use a SOCKS proxy, which the runtimes' own fetch cannot. The proxy also
// resolves the name (socks5h).
//
//   all_proxy=socks5h://127.0.0.1:9050 deno run --allow-ffi --allow-env --preload curlew/register \
//     examples/connections/register.ts https://example.com/
//   all_proxy=socks5h://127.0.0.1:9050 bun --preload curlew/register \
//     examples/connections/register.ts https://example.com/
//   > 200 text/html
//   > <h1>Example Domain</h1>
import process from "node:process";

const [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: register.ts URL");

const response = await fetch(url, { signal: AbortSignal.timeout(30_000) });
console.log(response.status, response.headers.get("content-type"));
console.log(/<h1>.*<\/h1>/.exec(await response.text())?.[0]);
