// HTTP/2 over TLS for pairs of streams, /name?... with the same query: the first stream of a pair
// gets its end 20 ms after the second one, when both have received a byte before.
//
//   node h2_leftovers_server.mjs <key> <certificate>
import { readFileSync } from "node:fs";
import http2 from "node:http2";
import process from "node:process";

const [key, cert] = process.argv.slice(2).map((path) => readFileSync(path));
const server = http2.createSecureServer({ key, cert });
const waiting = new Map();

/** The data of the second stream: its end, or more than the client reads. */
const SECOND = {
  "/ends": (stream) => stream.end("x".repeat(99)),
  "/pauses": (stream) => stream.end("x".repeat(40_000)),
};

server.on("stream", (stream, { ":path": path }) => {
  const [name, pair] = path.split("?");
  stream.on("error", () => {});
  stream.respond({ ":status": 200 });
  const first = waiting.get(pair);
  if (!first) return waiting.set(pair, stream);
  waiting.delete(pair);
  first.write("x");
  stream.write("x");
  setTimeout(() => {
    SECOND[name](stream);
    setTimeout(() => first.end("x".repeat(27)), 20); // a TLS record of its own
  }, 100);
});

process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
