// HTTP proxies: absolute-form requests and CONNECT; some require user:pass, one is reached by TLS.
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { checkBasic, checkDigest, checkNtlm } from "../auth.mjs";
import { OPTIONS, unlimited } from "../http.mjs";
import { listen } from "../listen.mjs";
import { countConnections, counters } from "../stats.mjs";
import { join, loopback, note } from "./upstream.mjs";

const HOP_BY_HOP = /^(proxy-.*|connection|keep-alive|te|trailer|upgrade)$/i;

/** Raw headers, as a flat array, without those that are meant for the proxy. */
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

function refusal(status, headers) {
  const all = { "Content-Length": 0, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${lines}\r\n`;
}

/** Node passes the socket to the CONNECT handler, so a refusal is written to it directly. */
function refuseTunnel(socket, status) {
  socket.end(refusal(status, { Connection: "close" }));
  // No other code reads the socket, and without reading its end is not noticed.
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

const anybody = () => null;

function createProxy(kind, check, server = http.createServer(OPTIONS)) {
  const stats = counters(kind);
  const challenge = (req) => check(req.headers["proxy-authorization"], req);
  unlimited(server);
  server.on("request", (req, res) => {
    const wanted = challenge(req);
    if (wanted === null) forward(req, res, stats);
    else req.resume().once("end", () => refuse(res, 407, { "proxy-authenticate": wanted }));
  });
  server.on("connect", (req, socket, head) => {
    const wanted = challenge(req);
    if (wanted === null) {
      socket.on("error", () => {});
      return tunnel(req, socket, head, stats);
    }
    // the next attempt may use this connection, and with NTLM must use it
    socket.write(refusal(407, { "Proxy-Authenticate": wanted }));
    server.emit("connection", socket);
  });
  countConnections(server, stats);
  return server;
}

export async function startProxy() {
  return {
    proxy: await listen(createProxy("proxy", anybody)),
    proxyAuth: await listen(
      createProxy("proxyAuth", checkBasic("user", "pass", "curlew proxy")),
    ),
    proxyDigest: await listen(createProxy("proxyDigest", checkDigest("user", "pass"))),
    proxyNtlm: await listen(createProxy("proxyNtlm", checkNtlm)),
  };
}

/** A proxy that is reached by TLS. */
export async function startProxyTls({ certificates }) {
  const certs = await certificates();
  const server = https.createServer({ ...OPTIONS, ...certs.pair("server") });
  return { proxyTls: await listen(createProxy("proxyTls", anybody, server)), ...certs.paths };
}
