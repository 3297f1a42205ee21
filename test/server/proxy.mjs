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

/** Node hands the socket over with CONNECT, so a refusal is written by hand. */
function refuseTunnel(socket, status, headers = {}) {
  const all = { "Content-Length": 0, Connection: "close", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${lines}\r\n`);
  // Nobody else reads it, and unread it would never see its end.
  socket.resume();
}

function tunnel(req, socket, head, stats) {
  const [, name, port] = /^(.*):(\d+)$/.exec(req.url) ?? [];
  const host = name && loopback(name);
  note(stats, `CONNECT ${req.url}`);
  if (!host || Number(port) > 65535) return refuseTunnel(socket, 403);
  const upstream = net.connect({ host, port: Number(port), noDelay: true });
  const failed = () => refuseTunnel(socket, 502);
  upstream.once("error", failed);
  upstream.once("connect", () => {
    upstream.off("error", failed);
    socket.write("HTTP/1.1 200 Connection established\r\nX-Proxy: curlew\r\n\r\n");
    upstream.write(head);
    join(socket, upstream);
  });
}

function createProxy(kind, authorized) {
  const stats = counters(kind);
  const server = unlimited(http.createServer(OPTIONS));
  server.on("request", (req, res) => {
    if (authorized(req)) forward(req, res, stats);
    else refuse(res, 407, CHALLENGE);
  });
  server.on("connect", (req, socket, head) => {
    socket.on("error", () => {});
    if (authorized(req)) tunnel(req, socket, head, stats);
    else refuseTunnel(socket, 407, CHALLENGE);
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
