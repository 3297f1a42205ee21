// WebSocket servers: npm's ws, and one that is controlled by its URL.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";
import { WebSocketServer } from "ws";
import { listen } from "./listen.mjs";
import { pattern } from "./pattern.mjs";
import { countConnections, counters } from "./stats.mjs";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The behaviour of a connection, by path. Numbers come from the query. */
const BEHAVIOURS = {
  /** sends everything back */
  "/echo": (ws) => ws.on("message", (data, binary) => ws.send(data, { binary })),
  /** sends length and hash of each message, and the number of bytes it arrived in */
  "/digest": (ws) =>
    ws.on("message", (data, binary) => {
      const sha256 = createHash("sha256").update(data).digest("hex");
      ws.send(JSON.stringify({ length: data.length, binary, sha256 }));
    }),
  /** sends a description of the request */
  "/request": (ws, { req }) =>
    ws.send(JSON.stringify({
      url: req.url,
      headers: req.headers,
      client: req.socket.getPeerCertificate?.()?.subject?.CN ?? null,
    })),
  "/close": (ws, { query }) => {
    if (query.has("code")) ws.close(Number(query.get("code")), query.get("reason") ?? "");
    else ws.close();
  },
  "/terminate": (ws) => ws.terminate(),
  /** one binary message of `size` bytes */
  "/big": (ws, { number }) => ws.send(pattern(0, number("size"))),
  /** `n` numbered messages */
  "/count": (ws, { number }) => {
    for (let i = 0, n = number("n"); i < n; i++) ws.send(`${i}`);
  },
  /** a message in three fragments with a ping between them */
  "/fragments": (ws, { query }) => {
    const binary = query.has("binary"), part = { binary, fin: false };
    const [one, two, three] = ["eins €", " zwei 🐦", " drei"];
    ws.send(one, part);
    ws.ping("between");
    ws.send(Buffer.from(two), part);
    ws.send(three, { binary, fin: true });
    ws.on("pong", (data) => ws.send(`pong ${data}`));
  },
  /** pings, and sends a message about the pong */
  "/ping": (ws, { query }) => {
    ws.on("pong", (data) => ws.send(`pong ${data}`));
    ws.ping(query.get("data") ?? "");
  },
  /** reads nothing for `ms`, then sends the length of each message */
  "/slow": (ws, { number }) => {
    ws.pause();
    setTimeout(() => ws.resume(), number("ms"));
    ws.on("message", (data) => ws.send(`${data.length}`));
  },
};

function serve(ws, req) {
  ws.on("error", () => {});
  const { pathname, searchParams: query } = new URL(req.url, "ws://host");
  const number = (name) => Number(query.get(name));
  const behave = BEHAVIOURS[pathname];
  if (behave) behave(ws, { req, query, number });
  else ws.close(4404, "no such path");
}

function upgradeOn(server, kind) {
  const sockets = new WebSocketServer({
    server,
    maxPayload: 256 * 1024 * 1024,
    handleProtocols: (offered, req) => {
      const wanted = new URL(req.url, "ws://host").searchParams.get("choose");
      return wanted === "none" ? false : wanted ?? [...offered][0];
    },
  });
  sockets.on("connection", serve);
  server.on("request", (_req, res) => res.writeHead(404).end());
  countConnections(server, counters(kind));
  return server;
}

export async function startWs() {
  return { ws: await listen(upgradeOn(http.createServer(), "ws")) };
}

function withCertificates(kind, options) {
  return async ({ certificates }) => {
    const certs = await certificates();
    const server = https.createServer({ ...certs.pair("server"), ...options(certs) });
    return { [kind]: await listen(upgradeOn(server, kind)), ...certs.paths };
  };
}

export const startWss = withCertificates("wss", () => ({}));
export const startWssMtls = withCertificates("wssMtls", ({ ca }) => ({
  ca,
  requestCert: true,
  rejectUnauthorized: true,
}));

/**
 * The bytes that clients of the raw server have sent after their handshake, in hex, by their `id`.
 */
const seen = new Map();

function headOf(query, key) {
  const accept = createHash("sha1").update(key + GUID).digest("base64");
  const lines = [
    `HTTP/1.1 ${query.get("status") ?? "101 Switching Protocols"}`,
    `Upgrade: ${query.get("upgrade") ?? "websocket"}`,
    `Connection: ${query.get("connection") ?? "Upgrade"}`,
    ...(query.has("noaccept") ? [] : [`Sec-WebSocket-Accept: ${query.get("accept") ?? accept}`]),
    ...query.getAll("header"),
  ];
  return lines.map((line) => `${line}\r\n`).join("") + "\r\n";
}

const ENDS = {
  end: (socket) => socket.end(),
  reset: (socket) => socket.resetAndDestroy(),
  stay: () => {},
};

/** Sends the frames that the URL has in hex, with a pause at each dot. */
async function act(socket, query, key) {
  const parts = (query.get("send") ?? "").split(".");
  const bytes = parts.map((hex) => Buffer.from(hex, "hex"));
  // in one piece with the head, as a fast server does
  socket.write(Buffer.concat([Buffer.from(headOf(query, key)), bytes.shift()]));
  for (const part of bytes) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write(part);
  }
  ENDS[query.get("then") ?? "stay"](socket);
}

/** Whether these bytes end with a Close frame of a client. */
function endsInClose(chunk) {
  for (let at = chunk.length - 6; at >= 0; at--) {
    if (chunk[at] === 0x88 && at + 6 + (chunk[at + 1] & 0x7f) === chunk.length) return true;
  }
  return false;
}

function serveRaw(socket) {
  let head = "", id = null, isDeaf = false;
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    if (id !== null) {
      seen.set(id, seen.get(id) + chunk.toString("hex"));
      if (endsInClose(chunk) && !isDeaf) socket.end();
      return;
    }
    head += chunk.toString("latin1");
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    const { pathname, searchParams: query } = new URL(head.split(" ")[1], "ws://host");
    if (pathname === "/seen") {
      const body = seen.get(query.get("id")) ?? "";
      socket.end(
        `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      return;
    }
    id = query.get("id") ?? "";
    isDeaf = query.has("deaf");
    seen.set(id, Buffer.from(head.slice(end + 4), "latin1").toString("hex"));
    act(socket, query, /^sec-websocket-key: *(\S*)/im.exec(head)?.[1] ?? "");
  });
}

export async function startWsRaw() {
  const server = net.createServer(serveRaw);
  countConnections(server, counters("wsRaw"));
  return { wsRaw: await listen(server) };
}

/** Sends back the bytes that it receives, over TLS. */
export async function startEchoTls({ certificates }) {
  const certs = await certificates();
  const server = tls.createServer(certs.pair("server"), (socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  countConnections(server, counters("echoTls"));
  return { echoTls: await listen(server), ...certs.paths };
}

/** Sends a line first, and then repeats each received line in capitals. */
export async function startLines() {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.write("hello\r\n");
    socket.setEncoding("latin1");
    let rest = "";
    socket.on("data", (text) => {
      const lines = (rest + text).split("\r\n");
      rest = lines.pop();
      for (const line of lines) {
        if (line === "quit") return socket.end("bye\r\n");
        socket.write(`${line.toUpperCase()}\r\n`);
      }
    });
  });
  countConnections(server, counters("lines"));
  return { lines: await listen(server) };
}
