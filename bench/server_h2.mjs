// HTTP/2 over TLS: GET / returns the small body. Prints its port, and exits when its stdin ends.
import { createSecureServer } from "node:http2";
import process from "node:process";
import { makeCertificates } from "../test/server/certs.mjs";
import { listen } from "../test/server/listen.mjs";

const BODY = JSON.stringify({
  ok: true,
  id: 1234567,
  name: "bench",
  text: "the quick brown fox jumps over the lazy dog 12345",
});
const HEAD = { ":status": 200, "content-type": "application/json", "content-length": BODY.length };

const certificates = await makeCertificates(process.argv[2]);
const server = createSecureServer({
  ...certificates.pair("server"),
  settings: { maxConcurrentStreams: 1000 },
});
server.on("sessionError", () => {}); // a client that exits does not close its session
server.on("stream", (stream) => {
  stream.on("error", () => {});
  stream.respond(HEAD);
  stream.end(BODY);
});
console.log(await listen(server));
process.stdin.on("end", () => process.exit()).resume();
