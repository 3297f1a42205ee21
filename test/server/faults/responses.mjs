// Responses by a seed: valid ones of HTTP/1, HTTP/2 and WebSocket, most of them then damaged. The
// path `/SEED/NUMBER` selects one, and the same path always gets the same bytes.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import net from "node:net";
import tls from "node:tls";
import zlib from "node:zlib";
import {
  END_HEADERS,
  END_STREAM,
  Frame,
  frame,
  literal,
  onRequest,
  SETTINGS,
  STATUS_200,
} from "./h2.mjs";
import { listen } from "../listen.mjs";

/** A generator of numbers below n: splitmix32. */
export function random(seed, number) {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) >>> 0;
  return (n) => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % n;
  };
}

const pick = (rnd, list) => list[rnd(list.length)];
const bytes = (rnd, size) => Buffer.from(Array.from({ length: size }, () => rnd(256)));
const text = (rnd, size) =>
  Array.from({ length: size }, () => String.fromCharCode(32 + rnd(95))).join("");

const NUMBERS = [
  "0",
  "1",
  "-1",
  "",
  "007",
  "4294967296",
  "9223372036854775808",
  "1e9",
  "0x10",
  " 5 ",
];
const DATES = ["Wed, 01 Jan 2020 00:00:00 GMT", "Thu, 99 Foo 99999 99:99:99", "0", "-1", ""];
const CODINGS = [
  "gzip",
  "deflate",
  "br",
  "identity",
  "chunked",
  "x-gzip",
  "gzip, br",
  "zstd",
  "none",
  ",",
];

/** Headers that libcurl or curlew interprets, each with valid and invalid values. */
const HEADERS = {
  "Content-Length": (rnd) => pick(rnd, NUMBERS),
  "Content-Type": (rnd) =>
    pick(rnd, ["text/html; charset=", ";;;", "multipart/form-data", text(rnd, 20)]),
  "Content-Encoding": (rnd) => pick(rnd, CODINGS),
  "Transfer-Encoding": (rnd) => pick(rnd, CODINGS),
  "Set-Cookie": (rnd) =>
    pick(rnd, [
      `a=${text(rnd, rnd(50))}; Path=/; Max-Age=${pick(rnd, NUMBERS)}; Secure; HttpOnly`,
      `__Host-${text(rnd, 5)}=${"v".repeat(rnd(9000))}; expires=${pick(rnd, DATES)}`,
      `=; domain=${text(rnd, 10)}; samesite=; =;;;`,
      '\ta=\tb\x01; domain=.; path="/"',
    ]),
  "Strict-Transport-Security": (rnd) =>
    pick(rnd, [
      `max-age=${pick(rnd, NUMBERS)}; includeSubDomains`,
      `max-age="${pick(rnd, NUMBERS)}"; max-age=1; ${text(rnd, 20)}`,
      ";;;max-age",
    ]),
  "Alt-Svc": (rnd) =>
    pick(rnd, [
      `h2="127.0.0.1:1"; ma=${pick(rnd, NUMBERS)}; persist=1`,
      `h3=":0", h2=":99999", ${text(rnd, 10)}=":1"`,
      "clear",
      'h2="',
      `h2="[::1:1"; ${text(rnd, 30)}`,
    ]),
  "WWW-Authenticate": (rnd) =>
    pick(rnd, [
      'Basic realm="',
      `Digest realm="${text(rnd, 9)}", nonce="${text(rnd, 9)}", qop="auth-int,${text(rnd, 5)}"`,
      'Digest nonce="x", algorithm=SHA-512-256, stale=perhaps',
      "NTLM TlRMTVNTUAACAAAA////",
      `NTLM ${bytes(rnd, 60).toString("base64")}`,
      "Negotiate",
      text(rnd, 30),
    ]),
  "Location": (rnd) => pick(rnd, ["/", "//", "?x", "http://", "file:///etc/passwd", text(rnd, 20)]),
  "Connection": (rnd) =>
    pick(rnd, ["close", "keep-alive", "upgrade", "close, keep-alive", text(rnd, 9)]),
  "Upgrade": (rnd) => pick(rnd, ["h2c", "websocket", text(rnd, 5)]),
  "Retry-After": (rnd) => pick(rnd, [...NUMBERS, ...DATES]),
  "Last-Modified": (rnd) => pick(rnd, DATES),
  "Content-Range": (rnd) =>
    pick(rnd, ["bytes 0-4/5", "bytes */*", "bytes 5-1/2", `bytes ${text(rnd, 9)}`]),
  "Content-Disposition": (rnd) => pick(rnd, ["attachment; filename=../../x", text(rnd, 20)]),
  "Trailer": (rnd) => text(rnd, 10),
  "X-Folded": (rnd) => `a\r\n ${text(rnd, 9)}\r\n\tb`,
};

const STATUSES = [
  100,
  101,
  103,
  199,
  200,
  200,
  200,
  200,
  204,
  206,
  301,
  302,
  304,
  307,
  401,
  407,
  417,
  500,
  600,
  999,
];
const COMPRESS = { gzip: zlib.gzipSync, deflate: zlib.deflateSync, br: zlib.brotliCompressSync };

function chunked(rnd, body) {
  const parts = [];
  for (let at = 0; at < body.length;) {
    const size = 1 + rnd(Math.min(3000, body.length - at));
    const extension = rnd(9) === 0 ? `;${text(rnd, 9)}` : "";
    parts.push(Buffer.from(`${size.toString(16)}${extension}\r\n`), body.subarray(at, at + size));
    parts.push(Buffer.from("\r\n"));
    at += size;
  }
  const trailers = rnd(4) === 0 ? `X-Last: ${text(rnd, 9)}\r\n` : "";
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailers}\r\n`)]);
}

/** A valid response, and the body that a client should get. */
function valid(rnd) {
  const plain = bytes(rnd, pick(rnd, [0, 1, 20, 300, 5000]));
  const coding = pick(rnd, [null, null, "gzip", "deflate", "br"]);
  const body = coding ? COMPRESS[coding](plain) : plain;
  const lines = ["HTTP/1.1 200 OK", ...coding ? [`Content-Encoding: ${coding}`] : []];
  const framing = pick(rnd, ["length", "chunked", "close"]);
  if (framing === "length") lines.push(`Content-Length: ${body.length}`);
  if (framing === "chunked") lines.push("Transfer-Encoding: chunked");
  if (framing === "close") lines.push("Connection: close");
  const sent = framing === "chunked" ? chunked(rnd, body) : body;
  return { head: lines, body: sent, plain };
}

const join = ({ head, body }) =>
  Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`, "latin1"), body]);

/** The kinds of damage to bytes. */
const DAMAGE = [
  (rnd, all) => all.subarray(0, rnd(all.length + 1)),
  (rnd, all) => {
    const copy = Buffer.from(all);
    for (let i = 1 + rnd(8); i > 0 && copy.length > 0; i--) copy[rnd(copy.length)] = rnd(256);
    return copy;
  },
  (rnd, all) => {
    const at = rnd(all.length + 1);
    return Buffer.concat([all.subarray(0, at), bytes(rnd, 1 + rnd(40)), all.subarray(at)]);
  },
  (rnd, all) => {
    const at = rnd(all.length + 1), to = at + rnd(60);
    return Buffer.concat([all.subarray(0, to), all.subarray(at)]);
  },
  (rnd, all) => {
    const at = rnd(all.length + 1);
    return Buffer.concat([all.subarray(0, at), all.subarray(at + 1 + rnd(20))]);
  },
  (rnd, all) =>
    Buffer.from(
      all.toString("latin1").replaceAll("\r\n", pick(rnd, ["\n", "\r", "\r\r\n", "\0\r\n"])),
      "latin1",
    ),
];

function damaged(rnd, all) {
  for (let i = 1 + rnd(3); i > 0; i--) all = pick(rnd, DAMAGE)(rnd, all);
  return all;
}

/** Adds unusual headers to an otherwise valid response. */
function strange(rnd, response) {
  response.head[0] = `HTTP/${pick(rnd, ["1.1", "1.1", "1.0", "2", "3", "0.9"])} ${
    pick(rnd, STATUSES)
  } ${text(rnd, rnd(20))}`;
  const names = Object.keys(HEADERS);
  for (let i = 1 + rnd(6); i > 0; i--) {
    const name = pick(rnd, names), at = 1 + rnd(response.head.length);
    response.head.splice(
      at,
      0,
      `${name}${pick(rnd, [": ", ":", " : ", ":\t"])}${HEADERS[name](rnd)}`,
    );
  }
  return response;
}

/** Response `number` of HTTP/1: its bytes, and its body if it is undamaged, else null. */
export function httpResponse(seed, number) {
  const rnd = random(seed, number), kind = rnd(10);
  if (kind === 0) return { bytes: bytes(rnd, rnd(2000)), plain: null, how: "random" };
  const response = valid(rnd);
  if (kind === 1) return { bytes: join(response), plain: response.plain, how: "valid" };
  if (kind < 5) return { bytes: join(strange(rnd, response)), plain: null, how: "strange" };
  if (kind < 8) return { bytes: damaged(rnd, join(response)), plain: null, how: "damaged" };
  return { bytes: damaged(rnd, join(strange(rnd, response))), plain: null, how: "both" };
}

function h2Frame(rnd, stream) {
  const block = Buffer.concat([
    STATUS_200,
    ...Array.from({ length: rnd(4) }, () => {
      const name = pick(rnd, Object.keys(HEADERS));
      return literal(name.toLowerCase(), HEADERS[name](rnd).slice(0, 100).replace(/[^ -~]/g, ""));
    }),
  ]);
  const type = pick(rnd, [0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 99]);
  const where = pick(rnd, [stream, stream, stream, 0, 2, 0x7fffffff]);
  const payload = type === Frame.HEADERS
    ? block
    : bytes(rnd, pick(rnd, [0, 1, 4, 5, 6, 8, 9, 100]));
  return frame(type, rnd(64), where, payload);
}

/** Response `number` of HTTP/2, to the first stream of a connection. */
export function h2Response(seed, number) {
  const stream = 1, rnd = random(seed, number), kind = rnd(10), plain = bytes(rnd, rnd(3000));
  const head = frame(Frame.HEADERS, END_HEADERS, stream, STATUS_200);
  const whole = Buffer.concat([head, frame(Frame.DATA, END_STREAM, stream, plain)]);
  if (kind === 0) return { bytes: bytes(rnd, rnd(2000)), plain: null, how: "random" };
  if (kind === 1) return { bytes: whole, plain, how: "valid" };
  if (kind < 5) return { bytes: damaged(rnd, whole), plain: null, how: "damaged" };
  const frames = Array.from({ length: 1 + rnd(6) }, () => h2Frame(rnd, stream));
  const all = Buffer.concat(rnd(2) ? [head, ...frames] : frames);
  return { bytes: kind < 8 ? all : damaged(rnd, all), plain: null, how: "frames" };
}

function wsFrame(rnd) {
  const payload = rnd(3) ? Buffer.from(text(rnd, rnd(200))) : bytes(rnd, rnd(200));
  const first = pick(rnd, [
    0x81,
    0x82,
    0x81,
    0x01,
    0x00,
    0x80,
    0x88,
    0x89,
    0x8a,
    0x83,
    0xc1,
    rnd(256),
  ]);
  const size = payload.length < 126
    ? [payload.length]
    : [126, payload.length >> 8, payload.length & 255];
  if (rnd(12) === 0) size[0] |= 0x80;
  if (rnd(20) === 0) size.splice(0, size.length, 127, ...bytes(rnd, 8));
  return Buffer.concat([Buffer.of(first, ...size), payload]);
}

/** The frames after handshake `number` of WebSocket. */
export function wsFrames(seed, number) {
  const rnd = random(seed, number), kind = rnd(10);
  if (kind === 0) return { bytes: bytes(rnd, rnd(2000)), how: "random" };
  const all = Buffer.concat(Array.from({ length: 1 + rnd(8) }, () => wsFrame(rnd)));
  return kind < 6 ? { bytes: all, how: "frames" } : { bytes: damaged(rnd, all), how: "damaged" };
}

/**
 * Sends the bytes in pieces, as a network may; then closes, unless the connection is kept for a
 * while.
 */
function send(socket, rnd, all, keep) {
  const pieces = [], cuts = rnd(3) === 0 ? 1 + rnd(3) : 0;
  let at = 0;
  for (let i = 0; i < cuts; i++) {
    const to = at + rnd(all.length - at + 1);
    pieces.push(all.subarray(at, to));
    at = to;
  }
  pieces.push(all.subarray(at));
  const next = () => {
    if (socket.destroyed) return;
    const piece = pieces.shift();
    if (piece) return socket.write(piece, () => setImmediate(next));
    if (!keep) return socket.end();
    socket.idle = setTimeout(() => socket.end(), IDLE_MS);
  };
  next();
}

/**
 * The lifetime of an idle kept connection: a client that waits for the rest of a damaged response
 * sees its end.
 */
const IDLE_MS = 40;
const PATH = /^(?:\w+:\/\/[^/]*)?\/(\d+)\/(\d+)/;
const REQUEST = /(?:GET|POST|CONNECT) (\S+) HTTP\/1\.[01]\r\n[^]*?\r\n\r\n/;
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

let lastSeed = 0;

/** HTTP/1, as a server and as a proxy. Odd numbers keep their connection. */
function serveHttp(socket) {
  let head = "";
  socket.on("error", () => {}).on("data", (data) => {
    head += data.toString("latin1");
    const request = REQUEST.exec(head); // text before it is the body of the last request
    if (!request) return;
    head = head.slice(request.index + request[0].length);
    clearTimeout(socket.idle);
    const [, seed, number] = (PATH.exec(request[1]) ?? []).map(Number);
    if (number === undefined) return socket.end("HTTP/1.1 404 No\r\n\r\n");
    lastSeed = seed;
    send(socket, random(seed + 1, number), httpResponse(seed, number).bytes, number % 2 === 1);
  });
}

/**
 * HTTP/2 without TLS. Reading the path would need HPACK, so the number is in the client's address,
 * 127.A.B.C, and the seed is the one of the last HTTP/1 request.
 */
function serveH2(socket) {
  const [, high, middle, low] = (socket.remoteAddress ?? "").split(".").map(Number);
  const number = (high << 16) | (middle << 8) | low;
  socket.on("error", () => {}).write(SETTINGS);
  onRequest(socket, () => {
    send(
      socket,
      random(lastSeed + 1, number),
      h2Response(lastSeed, number).bytes,
      number % 2 === 1,
    );
  });
}

/** WebSocket: a valid handshake, then the generated frames. */
function serveWs(socket) {
  let head = "";
  socket.on("error", () => {}).on("data", (data) => {
    if (head.includes("\r\n\r\n")) return;
    head += data.toString("latin1");
    if (!head.includes("\r\n\r\n")) return;
    const [, seed, number] = (PATH.exec(head.split(" ")[1]) ?? []).map(Number);
    const key = /sec-websocket-key: *(\S+)/i.exec(head)?.[1] ?? "";
    const accept = createHash("sha1").update(key + GUID).digest("base64");
    const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
    socket.write(`${lines.join("\r\n")}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    send(socket, random(seed + 1, number), wsFrames(seed, number).bytes, number % 2 === 1);
  });
}

/** Starts HTTP/1, the same over TLS, HTTP/2 and WebSocket. */
export async function startResponses({ certificates }) {
  const certs = await certificates();
  const secure = { ...certs.pair("server"), ALPNProtocols: ["http/1.1"] };
  const servers = {
    http: net.createServer(serveHttp),
    tls: tls.createServer(secure, serveHttp).on("tlsClientError", () => {}),
    h2: net.createServer(serveH2),
    ws: net.createServer(serveWs),
  };
  const responses = {};
  for (const [name, server] of Object.entries(servers)) responses[name] = await listen(server);
  return { responses, ...certs.paths };
}
