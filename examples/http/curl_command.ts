// Sends a curl command, as a browser's developer tools copy it, by fetch. Without an argument the
// command is read from standard input, so that no shell interprets its quotes.
//
//   deno run --allow-ffi --allow-read examples/http/curl_command.ts \
//     "curl -L https://example.com/ -H 'X-Key: s3cr3t'"
//   bun examples/http/curl_command.ts "curl -L https://example.com/ -H 'X-Key: s3cr3t'"
//   > …<h1>Example Domain</h1>
//   2> curl … -H 'X-Key: REDACTED' -L
//   2> 200 OK
import { readFileSync } from "node:fs";
import process from "node:process";
import { CurlCommandError, parseCurl, toCurl } from "curlew/command";
import { fetch } from "curlew";

const [text = readFileSync(0, "utf8")] = process.argv.slice(2);

try {
  const { url, init, notes } = parseCurl(text, { readFile: (path) => readFileSync(path) });
  for (const { option, reason } of notes) console.error(`${option}: ${reason}`);
  console.error(toCurl(url, init)); // without secrets: suitable for a log
  const response = await fetch(url, { timeout: 30_000, ...init });
  console.error(`${response.status} ${response.statusText}`);
  console.log(await response.text());
} catch (error) {
  // for a command: the place of the error, and what was expected
  console.error((error as Error).message);
  process.exitCode = error instanceof CurlCommandError ? error.code : 1;
}
