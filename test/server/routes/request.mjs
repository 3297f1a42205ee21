// Routes about the request: echo, uploads, cookies.
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { json } from "../reply.mjs";

const MAX_ECHO = 1 << 20;

/** Reads the body; keeps its bytes only up to MAX_ECHO. */
function readBody(req, done) {
  const hash = createHash("sha256");
  const kept = [];
  let length = 0;
  req.on("data", (chunk) => {
    length += chunk.length;
    hash.update(chunk);
    if (length <= MAX_ECHO) kept.push(chunk);
    else kept.length = 0;
  });
  req.on("end", () => done({ length, sha256: hash.digest("hex"), kept }));
}

function pairs(flat) {
  const out = [];
  for (let i = 0; i < flat.length; i += 2) out.push([flat[i], flat[i + 1]]);
  return out;
}

function tlsOf(socket) {
  if (!socket?.encrypted) return null;
  return {
    protocol: socket.getProtocol(),
    alpn: socket.alpnProtocol || null,
    servername: socket.servername || null,
    client: socket.getPeerCertificate().subject?.CN ?? null,
    resumed: socket.isSessionReused(),
  };
}

/** `/echo` the whole request; `body` is base64, null above 1 MiB */
function echo(req, res) {
  const socket = req.stream?.session?.socket ?? req.socket;
  // Read now: after the body was read the connection may be closed, and HTTP/2 throws then.
  const remote = { address: socket.remoteAddress ?? null, port: socket.remotePort ?? null };
  const secure = tlsOf(socket);
  readBody(req, ({ length, sha256, kept }) =>
    json(res, 200, {
      method: req.method,
      url: req.url,
      httpVersion: req.httpVersion,
      headers: pairs(req.rawHeaders),
      trailers: pairs(req.rawTrailers ?? []),
      length,
      sha256,
      body: length <= MAX_ECHO ? Buffer.concat(kept).toString("base64") : null,
      remote,
      tls: secure,
    }));
}

/** `/sink` the length and hash of the body; `?hash=0` only counts, for speed */
function sink(req, res, _args, query) {
  if (query.get("hash") !== "0") {
    return readBody(req, ({ length, sha256 }) => json(res, 200, { bytes: length, sha256 }));
  }
  let bytes = 0;
  req.on("data", (chunk) => bytes += chunk.length);
  req.on("end", () => json(res, 200, { bytes }));
}

/** `/upload` takes PUT only, answers 201 */
function upload(req, res) {
  if (req.method !== "PUT") return json(res, 405, { error: "PUT only" }, { allow: "PUT" });
  const range = req.headers["content-range"] ?? null;
  readBody(req, ({ length, sha256 }) => json(res, 201, { bytes: length, sha256, range }));
}

/** `/cookies` and `/cookies/set?k=v` */
function cookies(req, res, [verb], query) {
  if (verb === "set") {
    const set = [...query].map(([k, v]) => `${k}=${v}; Path=/`);
    return json(res, 200, Object.fromEntries(query), { "set-cookie": set });
  }
  const sent = (req.headers.cookie ?? "").split("; ").filter(Boolean);
  json(
    res,
    200,
    Object.fromEntries(sent.map((one) => {
      const at = one.indexOf("=");
      return [one.slice(0, at), one.slice(at + 1)];
    })),
  );
}

export const requestRoutes = { echo, sink, upload, cookies };
