// A server of HTTP/1 by TCP or TLS that sends unsolicited bytes. The body of a response is the
// method and path of its request, so that a client recognizes the response of another request.
//
// `/first?stray=timeout&id=7` asks for the stray bytes of that name, which are sent on the
// connection when "7" arrives on stdin; "7" on stdout confirms it. With `&at=once` they are in the
// same write as the response, with `&at=next` in the next one, with `&at=30` in one 30 ms later.
// With HTTP/2 it is a PING.
//
// Each request on a connection that has had stray bytes is reported on stdout, with its path: as
// "late" if its client could have noticed them, since its transfer began after them, else as
// "racing". `&t=` is the time at which the transfer began, on the system's clock.
//
//   node stray_bytes_server.mjs <http | tls1.2 | tls1.3 | h2> <key> <certificate>
//
// Prints its port first.
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import http2 from "node:http2";
import net from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import tls from "node:tls";

const [kind, key, cert] = process.argv.slice(2);

const answer = (status, body, headers = "") =>
  `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const STRAYS = {
  timeout: answer("408 Request Timeout", "STRAY", "Connection: close\r\n"),
  response: answer("200 OK", "STRAY"),
  responses: answer("200 OK", "STRAY").repeat(3),
  large: answer("200 OK", "STRAY".repeat(60_000)),
  interim: "HTTP/1.1 103 Early Hints\r\nLink: </stray>\r\n\r\n",
  body: "STRAY".repeat(12),
  line: "\r\n",
  byte: "H",
};

/** The response itself, by the method or the path. */
function proper(method, path) {
  const body = `${method} ${path}`;
  if (path.startsWith("/204")) return "HTTP/1.1 204 No Content\r\n\r\n";
  if (path.startsWith("/302")) {
    const { searchParams } = new URL(path, "http://localhost");
    searchParams.delete("id"); // the stray bytes are for this connection
    searchParams.delete("stray");
    const location = `Location: //localhost:${server.address().port}/large?${searchParams}\r\n`;
    return answer("302 Found", "redirected", location);
  }
  if (path.startsWith("/304")) return "HTTP/1.1 304 Not Modified\r\nContent-Length: 60\r\n\r\n";
  if (method === "HEAD") return "HTTP/1.1 200 OK\r\nContent-Length: 60\r\n\r\n";
  if (path.startsWith("/large")) return answer("200 OK", body.padEnd(4_000_000));
  if (!path.startsWith("/chunked")) return answer("200 OK", body);
  const size = body.length.toString(16);
  return `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\n${body}\r\n0\r\n\r\n`;
}

/** More than the time that bytes take to a client on the same machine. */
const SEEN_MS = 20;

/** The time of the last stray bytes on a connection: libcurl may have dropped earlier ones. */
const strayAt = new WeakMap();

/** The path of the present request of a connection. */
const current = new WeakMap();

function sendStray(socket, stray, done) {
  const tell = () => {
    if (current.has(socket)) process.stdout.write(`racing ${current.get(socket)}\n`);
  };
  strayAt.set(socket, Infinity);
  tell();
  socket.write(stray, () => {
    tell();
    strayAt.set(socket, Date.now());
    done?.();
  });
}

function tellStray(socket, path) {
  const at = strayAt.get(socket), begun = Number(/[?&]t=(\d+)/.exec(path)?.[1] ?? 0);
  if (at === undefined) return;
  process.stdout.write(`${begun > at + SEEN_MS ? "late" : "racing"} ${path}\n`);
}

/** The bytes to send when their id arrives on stdin. */
const waiting = new Map();

function respond(socket, method, path) {
  const { searchParams } = new URL(path, "http://localhost");
  const stray = STRAYS[searchParams.get("stray")] ?? "", at = searchParams.get("at");
  const response = proper(method, path);
  if (at === "once") return sendStray(socket, response + stray);
  socket.write(response);
  if (at === "next") return sendStray(socket, stray);
  if (at !== null) return setTimeout(() => sendStray(socket, stray), Number(at));
  const id = searchParams.get("id");
  if (id) waiting.set(id, () => sendStray(socket, stray, () => process.stdout.write(`${id}\n`)));
}

/** Answers each request when its body is complete. */
function serve(socket) {
  let text = "", told = "";
  socket.on("error", () => {});
  socket.setEncoding("latin1");
  socket.on("data", (data) => {
    text += data;
    for (let at; (at = text.indexOf("\r\n\r\n")) >= 0;) {
      const head = text.slice(0, at);
      const [method, path] = head.split(" ", 2);
      if (head !== told) tellStray(socket, path);
      told = head; // its body may arrive in pieces
      current.set(socket, path);
      const length = /^content-length: (\d+)/im.exec(head)?.[1] ?? 0;
      const isChunked = /^transfer-encoding: chunked/im.test(head);
      const last = isChunked ? text.indexOf("0\r\n\r\n", at + 4) : at + 4 + Number(length);
      if (last < 0 || text.length < last) return;
      text = text.slice(isChunked ? last + 5 : last);
      current.delete(socket);
      respond(socket, method, path);
    }
  });
}

/** The same for HTTP/2. */
function serveStream(stream, { ":method": method, ":path": path }) {
  const { searchParams } = new URL(path, "http://localhost"), { session } = stream;
  const id = searchParams.get("id"), at = searchParams.get("at");
  stream.on("error", () => {});
  if (at !== null) setTimeout(() => session.destroyed || session.ping(() => {}), Number(at) || 0);
  waiting.set(id, () => {
    session.ping(() => {}); // which is not answered before the next request
    setTimeout(() => process.stdout.write(`${id}\n`), 20);
  });
  const text = `${method} ${path}`;
  stream.resume();
  stream.on("end", () => {
    stream.respond({ ":status": 200 });
    stream.end(path.startsWith("/large") ? text.padEnd(4_000_000) : text);
  });
}

function create() {
  if (kind === "http") return net.createServer(serve);
  const pair = { key: readFileSync(key), cert: readFileSync(cert) };
  if (kind === "h2") {
    return http2.createSecureServer({ ...pair, maxSessionMemory: 1000 }).on("stream", serveStream);
  }
  const version = `TLSv${kind.slice(3)}`;
  const versions = { minVersion: version, maxVersion: version };
  return tls.createServer({ ...pair, ...versions, ALPNProtocols: ["http/1.1"] }, serve);
}

const server = create();
server.on("connection", (socket) => socket.setNoDelay(true));
const input = createInterface({ input: process.stdin });
input.on("line", (id) => waiting.get(id)?.());
input.on("close", () => process.exit(0));
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
