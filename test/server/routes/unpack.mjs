// Bodies that unpack to many bytes: `/unpack/KIND/BYTES/ENCODING/FRAMING`.
import { Buffer } from "node:buffer";
import { setTimeout as sleep } from "node:timers/promises";
import zlib from "node:zlib";

const LINE = '{"status":"ok","message":"nothing to report","host":"db-01.example.com","n":7}\n';
/** The size of the incompressible beginning of "mixed". */
const MIXED_START = 1_000_000;

function noise(size) {
  const out = Buffer.allocUnsafe(size);
  for (let i = 0, state = 1; i < size; i++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    out[i] = 32 + (state >> 16) % 90;
  }
  return out;
}

const KINDS = {
  /** Zeros. */
  zeros: (size) => Buffer.alloc(size),
  /** The same line, repeated. */
  lines: (size) => Buffer.alloc(size, LINE),
  /** A megabyte of incompressible bytes, then zeros. */
  mixed: (size) => Buffer.concat([noise(MIXED_START), Buffer.alloc(size - MIXED_START)]),
  /** Bytes that compress to about a half. */
  noise,
};

const BLOCK = 128 * 1024, RAW = 0, RLE = 1;

function zstdBlock(bytes, isLast) {
  const isRun = bytes.equals(Buffer.alloc(bytes.length, bytes[0]));
  const header = Buffer.alloc(3);
  header.writeUIntLE((isLast ? 1 : 0) | ((isRun ? RLE : RAW) << 1) | (bytes.length << 3), 0, 3);
  return Buffer.concat([header, isRun ? bytes.subarray(0, 1) : bytes]);
}

/**
 * A frame of zstd, with blocks of one repeated byte or uncompressed ones: Node.js 20 has no zstd.
 */
function zstd(bytes) {
  const parts = [Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38)]; // magic, no flags, window 128 KiB
  for (let at = 0; at < bytes.length; at += BLOCK) {
    parts.push(zstdBlock(bytes.subarray(at, at + BLOCK), at + BLOCK >= bytes.length));
  }
  return Buffer.concat(parts);
}

const QUALITY = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } };
const ENCODINGS = {
  gzip: zlib.gzipSync,
  deflate: zlib.deflateSync,
  br: (bytes) => zlib.brotliCompressSync(bytes, QUALITY),
  zstd,
  "gzip, gzip": (bytes) => zlib.gzipSync(zlib.gzipSync(bytes)),
};

const packed = new Map();

function body(kind, size, encoding) {
  const key = `${kind} ${size} ${encoding}`;
  if (!packed.has(key)) packed.set(key, ENCODINGS[encoding](KINDS[kind](Number(size))));
  return packed.get(key);
}

/** Sends the bytes in chunks of growing size, with pauses between them. */
async function inChunks(res, bytes) {
  for (let at = 0, size = 20; at < bytes.length; at += size, size *= 4) {
    res.write(bytes.subarray(at, at + size));
    await sleep(5);
  }
  res.end();
}

async function unpack(_req, res, [kind, size, name, framing]) {
  const encoding = decodeURIComponent(name), bytes = body(kind, size, encoding);
  const headers = { "content-type": "text/plain", "content-encoding": encoding };
  if (framing === "length") headers["content-length"] = bytes.length;
  res.writeHead(200, headers);
  if (framing === "chunks") await inChunks(res, bytes);
  else res.end(bytes);
}

export const unpackRoutes = { unpack };
