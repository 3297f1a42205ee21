// Routes for response bodies of different sizes, speeds and encodings.
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import { pump } from "../pattern.mjs";

export const OCTETS = "application/octet-stream";
export const LAST_MODIFIED = "Wed, 01 Jan 2020 00:00:00 GMT";

/** The range `[from, to)`, null for the whole body, "bad" for a range outside it. */
function wanted(req, size, etag) {
  const range = req.headers.range;
  const ifRange = req.headers["if-range"];
  if (!range || (ifRange && ifRange !== etag && ifRange !== LAST_MODIFIED)) return null;
  const match = /^bytes=(\d*)-(\d*)$/.exec(range);
  if (!match || match[1] + match[2] === "") return null;
  if (match[1] === "") return [Math.max(0, size - Number(match[2])), size];
  const from = Number(match[1]);
  const to = match[2] === "" ? size : Math.min(size, Number(match[2]) + 1);
  return from < to ? [from, to] : "bad";
}

/** `/bytes/N` */
function bytes(req, res, [count]) {
  const size = Number(count);
  const etag = `"bytes-${size}"`;
  const headers = {
    "content-type": OCTETS,
    "accept-ranges": "bytes",
    etag,
    "last-modified": LAST_MODIFIED,
  };
  const range = wanted(req, size, etag);
  if (range === "bad") {
    res.writeHead(416, { ...headers, "content-length": 0, "content-range": `bytes */${size}` });
    return res.end();
  }
  const [from, to] = range ?? [0, size];
  headers["content-length"] = to - from;
  if (range) headers["content-range"] = `bytes ${from}-${to - 1}/${size}`;
  res.writeHead(range ? 206 : 200, headers);
  if (req.method === "HEAD") res.end();
  else pump(res, from, to);
}

/** `/chunked/N` no Content-Length */
function chunked(_req, res, [count]) {
  res.writeHead(200, { "content-type": OCTETS });
  pump(res, 0, Number(count));
}

/** Calls `tick(i)` each `ms` until `count`, then ends; stops when the client closes. */
function every(res, count, ms, tick) {
  let i = 0;
  const timer = setInterval(() => {
    if (i < count) tick(i++);
    if (i < count) return;
    clearInterval(timer);
    res.end();
  }, ms);
  res.once("close", () => clearInterval(timer));
}

/** `/slow/BYTES/MS` one byte each MS */
function slow(_req, res, [count, ms]) {
  res.writeHead(200, { "content-type": OCTETS, "content-length": Number(count) });
  res.flushHeaders?.();
  every(res, Number(count), Number(ms), (i) => res.write(Buffer.of(i & 0xff)));
}

/** `/stream/N/MS` N lines, one chunk each, one each MS */
function stream(_req, res, [count, ms]) {
  res.writeHead(200, { "content-type": "text/plain" });
  res.flushHeaders?.();
  every(res, Number(count), Number(ms), (i) => res.write(`chunk ${i}\n`));
}

/** `/trailers` chunked, with two trailers after the body */
function trailers(_req, res) {
  res.writeHead(200, { "content-type": "text/plain", trailer: "X-Sum, X-Last" });
  res.write("body before trailers\n");
  res.addTrailers({ "X-Sum": "42", "X-Last": "yes" });
  res.end();
}

function encoded(name, compress) {
  const body = compress(Buffer.from(`compressed by ${name}\n`.repeat(100)));
  return (_req, res) => {
    res.writeHead(200, {
      "content-type": "text/plain",
      "content-encoding": name,
      "content-length": body.length,
    });
    res.end(body);
  };
}

export const bodyRoutes = {
  bytes,
  chunked,
  slow,
  stream,
  trailers,
  gzip: encoded("gzip", zlib.gzipSync),
  deflate: encoded("deflate", zlib.deflateSync),
  br: encoded("br", zlib.brotliCompressSync),
};
