// Memory that the system provides in one call.
import os from "node:os";
import process from "node:process";
import { expect, test } from "vitest";
import { prefault } from "../../ffi/prefault.ts";
import { roomFor } from "../../src/http/bytes.ts";

const MIB = 1024 * 1024;
const [major = 0, minor = 0] = os.release().split(".").map(Number);
const isNew = os.platform() === "linux" && (major > 5 || (major === 5 && minor >= 14));

test.skipIf(!isNew)("the memory of a new array is there before it is written to", () => {
  const room = roomFor(128 * MIB), before = process.memoryUsage().rss;
  prefault(room, 32 * MIB, 96 * MIB);
  const grown = process.memoryUsage().rss - before;
  expect(grown / MIB).toBeGreaterThan(60);
  expect(grown / MIB).toBeLessThan(80);
  expect(room.length).toBe(128 * MIB); // keeps the array
});

test("no byte changes, whatever the bounds", () => {
  const bytes = new Uint8Array(5 * MIB).map((_, i) => i * 7 + (i >> 8));
  const copy = bytes.slice();
  const ends = [0, 1, 4095, 4096, 65_535, 65_536, 65_537, MIB + 3, 5 * MIB - 1, 5 * MIB];
  for (const start of ends) for (const end of ends) prefault(bytes, start, end);
  prefault(bytes);
  for (const length of [0, 1, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1]) {
    prefault(bytes.subarray(0, length));
  }
  for (const at of [1, 4097, 70_001]) prefault(bytes.subarray(at));
  expect(Buffer.compare(bytes, copy)).toBe(0);
});
