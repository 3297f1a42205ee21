// Writes a body to a file and computes its checksum, piece by piece: the whole body is never in
// memory.
//
//   deno run --allow-ffi --allow-read --allow-write docs/cookbook/checksum.ts \
//     https://example.com/big.bin big.copy
//   bun docs/cookbook/checksum.ts https://example.com/big.bin big.copy
//   > 300000 bytes, sha256 …
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import process from "node:process";
import { fetch } from "curlew";

const [url, path] = process.argv.slice(2);
if (!url || !path) throw new Error("Usage: checksum.ts URL FILE");

const response = await fetch(url, { timeout: 60_000 });
if (!response.ok) throw new Error(`${url} answered ${response.status}`);
const hash = createHash("sha256");
const file = await open(path, "w");
let bytes = 0;
try {
  for await (const piece of response.body!) {
    hash.update(piece);
    bytes += (await file.write(piece)).bytesWritten;
  }
} finally {
  await file.close();
}
console.log(`${bytes} bytes, sha256 ${hash.digest("hex")}`);
