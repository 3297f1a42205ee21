// Responses that no HTTP library would write. The path of the request selects one.
import { Buffer } from "node:buffer";
import net from "node:net";
import { listen } from "./listen.mjs";
import { countConnections, counters } from "./stats.mjs";

const OK = "HTTP/1.1 200 OK\r\n";

/** Sends header lines until the client closes. */
function endless(socket) {
  const lines = "X-Filler: ".concat("f".repeat(1000), "\r\n").repeat(16);
  const more = () => {
    while (!socket.destroyed && socket.write(lines));
  };
  socket.write(OK);
  socket.on("drain", more);
  more();
}

const BEHAVIOURS = {
  /** 256 bytes that are not HTTP */
  "/garbage": (socket) => socket.end(Buffer.from(Array.from({ length: 256 }, (_, i) => 255 - i))),
  /** a chunk size that is not a number */
  "/bad-chunk": (socket) =>
    socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n`),
  /** the connection ends inside a chunk */
  "/cut-chunk": (socket) => socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\n100\r\nhello`),
  /** announces 5 bytes, sends 10 */
  "/wrong-length": (socket) => socket.end(`${OK}Content-Length: 5\r\n\r\n0123456789`),
  /** announces 100 bytes, sends 10 */
  "/short-length": (socket) => socket.end(`${OK}Content-Length: 100\r\n\r\n0123456789`),
  /** two lengths that disagree */
  "/two-lengths": (socket) =>
    socket.end(`${OK}Content-Length: 5\r\nContent-Length: 7\r\n\r\nhello!!`),
  /** one header of 512 KiB */
  "/huge-headers": (socket) =>
    socket.end(`${OK}X-Huge: ${"h".repeat(512 * 1024)}\r\nContent-Length: 2\r\n\r\nok`),
  "/endless-headers": endless,
  /** reads, never answers */
  "/no-answer": () => {},
  /** half of a status line, then nothing more */
  "/half-status": (socket) => socket.write("HTTP/1.1 2"),
  "/reset-now": (socket) => socket.resetAndDestroy(),
  "/close-now": (socket) => socket.end(),
  /** no length: the end of the connection ends the body */
  "/until-close": (socket) => socket.end(`${OK}\r\nuntil close`),
  "/http09": (socket) => socket.end("hello from 0.9\n"),
  /** no reason phrase */
  "/no-reason": (socket) => socket.end("HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"),
  /** header bytes above ASCII: latin-1 and UTF-8 */
  "/latin1": (socket) =>
    socket.end(
      Buffer.from(
        `${OK}X-Latin: caf\u00e9\r\nX-Utf8: caf\u00c3\u00a9\r\nContent-Length: 2\r\n\r\nok`,
        "latin1",
      ),
    ),
};

function serve(socket, stats) {
  let head = "";
  const onData = (chunk) => {
    head += chunk.toString("latin1");
    if (!head.includes("\r\n\r\n")) return;
    socket.off("data", onData);
    socket.resume();
    stats.requests++;
    const path = head.split(" ", 2)[1];
    const behave = BEHAVIOURS[path];
    if (behave) behave(socket);
    else socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  };
  socket.on("error", () => {});
  socket.on("data", onData);
}

export async function startRaw() {
  const stats = counters("raw");
  const server = net.createServer((socket) => serve(socket, stats));
  countConnections(server, stats);
  return { raw: await listen(server) };
}

/** Accepts, never reads, never answers. */
export async function startSilent() {
  const server = net.createServer({ pauseOnConnect: true }, (s) => s.on("error", () => {}));
  countConnections(server, counters("silent"));
  return { silent: await listen(server) };
}

/** Sends back the bytes that it receives. */
export async function startEcho() {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  countConnections(server, counters("echo"));
  return { echo: await listen(server) };
}
