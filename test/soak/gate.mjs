// A server that holds its answers back until all requests are there: `/COUNT/ID` waits until COUNT
// requests wait, and then all are answered. `/seen` returns the number of ids, and the highest number
// of requests for one id.
//
//   node gate.mjs        prints its port, serves until stdin closes
import { createHash } from "node:crypto";
import http from "node:http";
import process from "node:process";
import { listen } from "../server/listen.mjs";

/** id → number of requests */
const seen = new Map();
let waiting = [];

/** The body of an id: its digest, repeated to a length that depends on the id. */
function bodyOf(id) {
  const digest = createHash("sha256").update(String(id)).digest();
  return Buffer.alloc(100 + (id * 7919) % 10_000, digest);
}

function answer() {
  const all = waiting;
  waiting = [];
  for (const { id, res } of all) {
    const body = bodyOf(id);
    if (id % 2) res.setHeader("content-length", body.length); // the others are sent in chunks
    res.write(body.subarray(0, 50));
    res.end(body.subarray(50));
  }
}

const server = http.createServer((req, res) => {
  if (req.url === "/seen") {
    const most = Math.max(0, ...seen.values());
    return res.end(JSON.stringify({ ids: seen.size, most }));
  }
  const [count, id] = req.url.split("/").slice(1).map(Number);
  seen.set(id, (seen.get(id) ?? 0) + 1);
  if (waiting.push({ id, res }) === count) answer();
});
server.requestTimeout = server.headersTimeout = 0;
server.keepAliveTimeout = 120_000;

process.stdin.on("end", () => process.exit(0)).resume();
console.log(await listen(server));
