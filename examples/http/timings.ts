// Prints the time of each step of a request: name lookup, connect, TLS, the server, the content.
// The second request does not need the first three steps.
//
//   deno run --allow-ffi examples/http/timings.ts https://example.com/
//   bun examples/http/timings.ts https://example.com/
//   > first request: HTTP/…, … bytes
//   > name lookup …
//   > …
//   > on the same connection: HTTP/…, … bytes
//   > …
import process from "node:process";
import { fetch, formatTimings, transferInfo } from "curlew";

const [url = "https://example.com/"] = process.argv.slice(2);

try {
  for (const title of ["first request", "on the same connection"]) {
    const response = await fetch(url, { timeout: 30_000 });
    await response.arrayBuffer();
    const info = transferInfo(response);
    console.log(`${title}: HTTP/${info.httpVersion}, ${info.bytesIn} bytes`);
    console.log(formatTimings(info), "\n");
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
