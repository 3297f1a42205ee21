// HTTP proxy: absolute-form requests and CONNECT; the second port wants user:pass.
import { Buffer } from "node:buffer";
import http from "node:http";
import net from "node:net";
import { OPTIONS, unlimited } from "./http.mjs";
import { listen } from "./listen.mjs";
import { countConnections, counters } from "./stats.mjs";
import { join, loopback, note } from "./upstream.mjs";

const BASIC = "Basic " + Buffer.from("user:pass").toString("base64");
const CHALLENGE = { "proxy-authenticate": 'Basic realm="curlew proxy"' };
const HOP_BY_HOP = /^(proxy-.*|connection|keep-alive|te|trailer|upgrade)$/i;

/** Flat raw headers without those that end at the proxy. */
function forwarded(raw) {
  const out = [];
  for (let i = 0; i < raw.length; i += 2) {
    if (!HOP_BY_HOP.test(raw[i])) out.push(raw[i], raw[i + 1]);
  }
  return out;
}

function refuse(res, status, headers = {}) {
  res.writeHead(status, { "content-length": 0, ...headers });
  res.end();
}

function forward(req, res, stats) {
  let url;
  try {
    url = new URL(req.url);
  } catch {
    return refuse(res, 400);
  }
  const host = loopback(url.hostname);
  note(stats, `${req.method} ${url.host}`);
  if (!host || url.protocol !== "http:") return refuse(res, 403);
  const upstream = http.request({
    host,
    port: url.port || 80,
    method: req.method,
    path: url.pathname + url.search,
    headers: forwarded(req.rawHeaders),
  });
  upstream.on("response", (answer) => {
    const headers = forwarded(answer.rawHeaders);
    res.writeHead(answer.statusCode, answer.statusMessage, [...headers, "Via", "1.1 curlew"]);
    answer.pipe(res);
    answer.on("error", () => res.destroy());
  });
  upstream.on("error", () => res.headersSent ? res.destroy() : refuse(res, 502));
  res.on("close", () => upstream.destroy());
  req.pipe(upstream);
}

function tunnel(req, socket, head, stats) {
  const [, name, port] = /^(.*):(\d+)$/.exec(req.url) ?? [];
  const host = name && loopback(name);
  note(stats, `CONNECT ${req.url}`);
  socket.on("error", () => {});
  if (!host) return socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
  const upstream = net.connect({ host, port: Number(port), noDelay: true });
  upstream.once("connect", () => {
    socket.write("HTTP/1.1 200 Connection established\r\nX-Proxy: curlew\r\n\r\n");
    upstream.write(head);
    join(socket, upstream);
  });
  upstream.once("error", () => socket.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"));
}

/** Node hands the socket over with CONNECT, so the answer is written by hand. */
function challenge(socket) {
  const lines = Object.entries(CHALLENGE).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 407 Proxy Authentication Required\r\n${lines}Content-Length: 0\r\n\r\n`);
}

function createProxy(kind, authorized) {
  const stats = counters(kind);
  const server = unlimited(http.createServer(OPTIONS));
  server.on("request", (req, res) => {
    if (authorized(req)) forward(req, res, stats);
    else refuse(res, 407, CHALLENGE);
  });
  server.on("connect", (req, socket, head) => {
    if (authorized(req)) tunnel(req, socket, head, stats);
    else challenge(socket);
  });
  countConnections(server, stats);
  return server;
}

export async function startProxy() {
  return {
    proxy: await listen(createProxy("proxy", () => true)),
    proxyAuth: await listen(
      createProxy("proxyAuth", (req) => req.headers["proxy-authorization"] === BASIC),
    ),
  };
}
