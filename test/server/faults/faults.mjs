// Servers that fail on purpose. Each fault has a port of its own, since many of them occur before a
// request could name one. test/faults/wire.ts has the errors that a client should report.
import { Buffer } from "node:buffer";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import tls from "node:tls";
import { Worker } from "node:worker_threads";
import { H2_FAULTS } from "./h2.mjs";
import { HTTP_FAULTS } from "./http.mjs";
import { listen } from "../listen.mjs";
import { pattern } from "../pattern.mjs";

const quiet = (socket) => socket.on("error", () => {});
const HANDSHAKE_FAILURE = Buffer.of(21, 3, 3, 0, 2, 2, 40);

/** The faults of HTTP/1 for which TLS makes a difference. */
const OVER_TLS = ["reset-body", "close-body", "cut-body", "silent-request", "drip"];

/** Faults that occur when a connection is accepted. */
const AT_ACCEPT = {
  "reset-accept": (socket) => socket.resetAndDestroy(),
  "close-accept": (socket) => socket.end(),
  "silent": () => {},
};

/** Faults that occur after the first bytes of a client, of TLS or for a proxy. */
const AT_HELLO = {
  "hello-reset": (socket) => socket.resetAndDestroy(),
  "hello-close": (socket) => socket.end(),
  "hello-alert": (socket) => socket.end(HANDSHAKE_FAILURE),
  "hello-garbage": (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
  "hello-half": (socket) => socket.end(Buffer.of(22, 3, 3, 0, 100, 2, 0, 0, 96, 3, 3)),
  "hello-silent": () => {},
  "proxy-403": (socket) => socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"),
  "proxy-407": (socket) =>
    socket.end(
      'HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n',
    ),
  "proxy-reset": (socket) => socket.resetAndDestroy(),
  "proxy-close": (socket) => socket.end(),
  "proxy-half": (socket) => socket.end("HTTP/1.1 200 OK\r\nX-Half:"),
  "proxy-garbage": (socket) => socket.end(Buffer.alloc(200, 0xf5)),
  "proxy-silent": () => {},
  "socks-close": (socket) => socket.end(),
  "socks-no-method": (socket) => socket.end(Buffer.of(5, 0xff)),
  "socks-garbage": (socket) => socket.end(Buffer.alloc(64, 0xf5)),
  "socks-silent": () => {},
};

/** A SOCKS5 proxy that completes its handshake and then refuses the connection. */
function socksRefuse(socket) {
  quiet(socket).once("data", () => {
    socket.write(Buffer.of(5, 0));
    socket.once("data", () => socket.end(Buffer.of(5, 2, 0, 1, 0, 0, 0, 0, 0, 0)));
  });
}

const onHello = (react) => (socket) =>
  quiet(socket).once("data", () => {
    socket.resume();
    react(socket);
  });

/** DoH servers: one whose response is not DNS, and one that never answers. */
const DOH = {
  "doh-500": (_req, res) => res.writeHead(500).end(),
  "doh-garbage": (_req, res) =>
    res.writeHead(200, { "content-type": "application/dns-message" }).end(Buffer.alloc(99, 0xf5)),
  "doh-silent": () => {},
};

/** A port whose backlog is full: nothing answers a SYN. */
async function startBlackHole() {
  const source = `
    const server = require("node:net").createServer();
    server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
      require("node:worker_threads").parentPort.postMessage(server.address().port);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // no connection is accepted
    });`;
  const port = await new Promise((resolve) => {
    new Worker(source, { eval: true }).once("message", resolve);
  });
  for (let i = 0; i < 8; i++) quiet(net.connect(port, "127.0.0.1"));
  return port;
}

/** Answers, and announces in the middle of the response that it is the last one (GOAWAY). */
function leave(stream) {
  stream.respond({ ":status": 200, "content-length": 2000 });
  stream.write(pattern(0, 1000), () => {
    stream.session.goaway(0);
    setTimeout(() => stream.end(pattern(1000, 2000)), 20);
  });
}

/** HTTP/2 streams of one session that are reset, next to others that are not. */
function serveStreams(stream, headers) {
  stream.on("error", () => {});
  const [, when, code] = headers[":path"].split("/");
  if (when === "beside") return beside(stream, () => stream.respond({ ":status": 200 }));
  const reset = () => stream.close(Number(code));
  stream.resume();
  if (when === "good") return stream.on("end", () => stream.respond({}, { endStream: true }));
  if (when === "goaway") return stream.on("end", () => leave(stream));
  if (when === "first") return reset();
  stream.respond({ ":status": 200, "content-length": 1 << 20 });
  stream.write(pattern(0, 1000), () => setTimeout(reset, 20));
}

/** Sends the pattern in pieces, until its reader closes or `/beside/end` is requested. */
const running = new Set();
function beside(out, head) {
  head();
  const one = { sent: 0, end: () => clearInterval(timer) || out.end() };
  const timer = setInterval(() => {
    if (out.writableNeedDrain) return;
    out.write(pattern(one.sent, one.sent + 3000));
    one.sent += 3000;
  }, 5);
  running.add(one);
  out.once("close", () => clearInterval(timer) || running.delete(one));
}

/** The routes without a fault: `/beside`, its end, and small responses. */
function serveGood(req, res) {
  if (req.url === "/beside") return beside(res, () => res.writeHead(200));
  if (req.url === "/beside/end") { for (const one of running) one.end(); }
  let length = 0;
  req.on("data", (chunk) => length += chunk.length);
  req.on("end", () => res.end(`${req.method} ${length}`));
}

/** Closes a kept connection at its second request: before it, after it, or at once. */
function serveStale(socket, how) {
  let requests = 0;
  quiet(socket).on("data", (data) => {
    if (!data.toString("latin1").includes("HTTP/1.1\r\n")) return;
    if (requests++ > 0) return how === "reset" ? socket.resetAndDestroy() : socket.end();
    socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    if (how === "soon") setTimeout(() => socket.end(), 2 * Math.random());
  });
}

function servers(certs) {
  const secure = { ...certs.pair("server"), ALPNProtocols: ["http/1.1"] };
  const secureH2 = { ...certs.pair("server"), ALPNProtocols: ["h2"] };
  const all = {
    "good": http.createServer(serveGood),
    "h2-streams": http2.createSecureServer(secureH2).on("stream", serveStreams),
    "socks-refuse": net.createServer(socksRefuse),
  };
  for (const [name, react] of Object.entries(AT_ACCEPT)) {
    all[name] = net.createServer((socket) => react(quiet(socket)));
  }
  for (const [name, react] of Object.entries(AT_HELLO)) {
    all[name] = net.createServer(onHello(react));
  }
  for (const [name, serve] of Object.entries(HTTP_FAULTS)) {
    all[name] = net.createServer((socket) => serve(quiet(socket)));
    if (!OVER_TLS.includes(name)) continue;
    all[`tls-${name}`] = tls.createServer(secure, (socket) => serve(quiet(socket)));
  }
  for (const [name, serve] of Object.entries(H2_FAULTS)) {
    all[name] = tls.createServer(secureH2, (socket) => serve(quiet(socket)));
  }
  for (const [name, serve] of Object.entries(DOH)) {
    all[name] = http2.createSecureServer({ ...secure, allowHTTP1: true }, serve);
  }
  for (const how of ["close", "reset", "soon"]) {
    all[`stale-${how}`] = net.createServer((socket) => serveStale(socket, how));
  }
  return all;
}

/** Starts all of them. */
export async function startFaults({ certificates }) {
  const certs = await certificates();
  const faults = { "black-hole": await startBlackHole() };
  for (const [name, server] of Object.entries(servers(certs))) {
    server.on("tlsClientError", () => {});
    faults[name] = await listen(server);
  }
  return { faults, ...certs.paths };
}
