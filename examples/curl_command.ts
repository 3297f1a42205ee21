// A curl command, as a browser's developer tools copy it, is sent by fetch. Without an argument the
// command comes from standard input, so that no shell takes its quotes away.
//
//   deno run --allow-ffi --allow-read examples/curl_command.ts "curl -L https://example.com/"
//   bun examples/curl_command.ts < copied.txt
import { readFileSync } from "node:fs";
import process from "node:process";
import { CurlCommandError, parseCurl, toCurl } from "../command.ts";
import { fetch } from "../mod.ts";

const [text = readFileSync(0, "utf8")] = process.argv.slice(2);

try {
  const { url, init, notes } = parseCurl(text, { readFile: (path) => readFileSync(path) });
  for (const { option, reason } of notes) console.error(`${option}: ${reason}`);
  console.error(toCurl(url, init)); // without secrets: this may go into a log
  const response = await fetch(url, { timeout: 30_000, ...init });
  console.error(`${response.status} ${response.statusText}`);
  console.log(await response.text());
} catch (error) {
  console.error((error as Error).message); // of a command: where it is wrong, and what was expected
  process.exitCode = error instanceof CurlCommandError ? error.code : 1;
}
