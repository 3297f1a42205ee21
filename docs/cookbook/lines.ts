// Reads a body line by line while it arrives, such as JSON lines or a log.
//
//   deno run --allow-ffi docs/cookbook/lines.ts https://example.com/events.ndjson
//   bun docs/cookbook/lines.ts https://example.com/events.ndjson
//   > … lines
import process from "node:process";
import { fetch } from "curlew";

async function* linesOf(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!; // the last line may be incomplete
    yield* lines;
  }
  if (rest) yield rest;
}

const [url] = process.argv.slice(2);
if (!url) throw new Error("Usage: lines.ts URL");
// no limit for the whole call: the body may be long
const response = await fetch(url, { connectTimeout: 10_000 });
let count = 0;
for await (const line of linesOf(response.body!)) count += line.length > 0 ? 1 : 0;
console.log(`${count} lines`);
