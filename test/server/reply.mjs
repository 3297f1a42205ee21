import { Buffer } from "node:buffer";

export function json(res, status, value, headers = {}) {
  const body = Buffer.from(JSON.stringify(value));
  res.writeHead(status, {
    "content-type": "application/json",
    "content-length": body.length,
    ...headers,
  });
  res.end(body);
}

const SMALL_SIZE = 98;
const frame = JSON.stringify({ ok: true, name: "small", pad: "" });

/** 98 bytes of JSON: the usual response body. */
export const SMALL = Buffer.from(frame.replace('""', `"${"x".repeat(SMALL_SIZE - frame.length)}"`));

// A flat array is the form of headers that costs Node.js least.
const SMALL_HEADERS = ["Content-Type", "application/json", "Content-Length", String(SMALL_SIZE)];

export function small(res) {
  res.writeHead(200, SMALL_HEADERS);
  res.end(SMALL);
}
