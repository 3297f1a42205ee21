// Faults of HTTP/1 from the request on, over TCP or TLS. Each gets a connection.
import { Buffer } from "node:buffer";
import { pattern } from "../pattern.mjs";

const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
/** The number of bytes of an upload that are received before a fault in a body. */
const PART = 100_000;

/** Calls `then` once the head has arrived; for `/upload` also a part of the body. */
function request(socket, then, ofBody = 0) {
  let head = "", body = 0;
  const onData = (data) => {
    const before = head.indexOf("\r\n\r\n");
    if (before < 0) head += data.toString("latin1");
    else body += data.length;
    const at = head.indexOf("\r\n\r\n");
    if (at < 0) return;
    if (before < 0) body = head.length - at - 4;
    const [, path] = head.split(" ", 2);
    if (path === "/upload" && body < ofBody) return;
    socket.off("data", onData);
    socket.resume();
    then(path);
  };
  socket.on("data", onData);
}

/** Sends a text, and then calls `end`, the fault. */
const after = (text, end) => (socket) =>
  request(socket, () => socket.write(text, () => end(socket)));

/** The same in the middle of a body, of which a download has received 300 KB by then. */
function inBody(end, head = `${OK}Content-Length: 4000000\r\n\r\n`) {
  return (socket) =>
    request(socket, (path) => {
      if (path === "/upload") return end(socket);
      socket.write(head);
      socket.write(pattern(0, path === "/download" ? 300_000 : 10), () => end(socket));
    }, PART);
}

/** Resets TCP, or closes it without TLS's close_notify. */
const reset = (socket) => (socket._parent ?? socket).resetAndDestroy();
const cut = (socket) => (socket._parent ?? socket).destroy();
const close = (socket) => socket.end();
const hang = () => {};
const end = (text) => (socket) => request(socket, () => socket.end(text));

/** Writes until the client has closed. */
const flood = (start, piece) => (socket) =>
  request(socket, () => {
    const more = () => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.write(start);
    socket.on("drain", more);
    more();
  });

/** Sends one byte at a time; an upload is not read at all. */
function drip(socket) {
  request(socket, (path) => {
    if (path === "/upload") return socket.pause();
    socket.write(`${OK}Content-Length: 4000000\r\n\r\n`);
    const timer = setInterval(() => socket.write("x"), 20);
    socket.once("close", () => clearInterval(timer));
  });
}

/** Redirects to the same URL for ever, on one connection. */
function redirect(socket) {
  request(socket, (path) => {
    socket.write(`HTTP/1.1 302 Found\r\nLocation: ${path}\r\nContent-Length: 0\r\n\r\n`);
    redirect(socket);
  });
}

export const HTTP_FAULTS = {
  "reset-request": (socket) => request(socket, () => reset(socket)),
  "close-request": (socket) => request(socket, () => close(socket)),
  "silent-request": (socket) => request(socket, hang),
  "reset-status": after("HTTP/1.1 2", reset),
  "close-status": after("HTTP/1.1 2", close),
  "silent-status": after("HTTP/1.1 2", hang),
  "reset-headers": after(`${OK}X-One: 1\r\nX-Tw`, reset),
  "close-headers": after(`${OK}X-One: 1\r\nX-Tw`, close),
  "silent-headers": after(`${OK}X-One: 1\r\nX-Tw`, hang),
  "close-interim": after("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", close),
  "reset-body": inBody(reset),
  "close-body": inBody(close),
  "cut-body": inBody(cut),
  "silent-body": inBody(hang),
  "close-chunk": inBody((socket) => socket.end("100\r\nhello"), `${CHUNKED}493E0\r\n`),
  "bad-chunk": end(`${CHUNKED}5\r\nhello\r\nzz\r\n`),
  "huge-chunk": end(`${CHUNKED}fffffffffffffffff\r\nhello\r\n`),
  "long-length": end(`${OK}Content-Length: 2\r\nConnection: close\r\n\r\nok and more`),
  "negative-length": end(`${OK}Content-Length: -1\r\n\r\nok`),
  "two-lengths": end(`${OK}Content-Length: 5\r\nContent-Length: 7\r\n\r\nhello!!`),
  "word-length": end(`${OK}Content-Length: five\r\n\r\nhello`),
  "bad-gzip": end(`${OK}Content-Encoding: gzip\r\nConnection: close\r\n\r\nthis is not gzip`),
  "bad-encoding": end(`${OK}Content-Encoding: pigeon\r\nConnection: close\r\n\r\ncoo`),
  "garbage": end(Buffer.from(Array.from({ length: 256 }, (_, i) => 255 - i))),
  "http09": end("hello from 0.9\n"),
  "http9": end("HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\nok"),
  "no-status": end("HTTP/1.1 \r\nContent-Length: 2\r\n\r\nok"),
  "nul-header": end(`${OK}X-Nul: \0\r\nContent-Length: 2\r\n\r\nok`),
  "huge-header": end(`${OK}X-Huge: ${"h".repeat(512 * 1024)}\r\nContent-Length: 2\r\n\r\nok`),
  "header-flood": flood(OK, "X-Filler: ".concat("f".repeat(1000), "\r\n").repeat(16)),
  "interim-flood": flood("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(100)),
  "drip": drip,
  "redirect": redirect,
};
