// The queue of a body that was not read yet: every byte once, in order, and chunks for good.
import { expect, test } from "vitest";
import type { Piece } from "../../../src/handles/callbacks/piece.ts";
import { BodyQueue } from "../../../src/http/response/body_queue.ts";

const SLAB = 64 * 1024, MIB = 1024 * 1024;

/** Bytes of a pattern that does not fit the sizes of the queue. */
function piece(from: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (from + i) % 251;
  return bytes;
}

/** The same as libcurl hands it over. */
function from(bytes: Uint8Array<ArrayBuffer>): Piece {
  const copyTo = (target: Uint8Array, at = 0) => target.set(bytes.subarray(at, at + target.length));
  return { length: bytes.length, copyTo, peek: () => bytes };
}

/** A generator of numbers from a seed. */
function random(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor(seed / 0x80000000 * below);
  };
}

// also where the body is longer than the server has said, as an unpacked one is
test.each([null, 0, 1, 98, 10_000, SLAB - 1, SLAB, 1e6])(
  "any pieces and any reads give every byte once, in order, where the length is %j",
  (expected) => {
    const pick = random(7), queue = new BodyQueue(expected);
    const sizes = [1, 3, 16, 17, 98, 8191, 8192, 16_384, 16_384, 16_384, 100_000];
    let put = 0, got = 0, wrong = 0;
    const take = (bytes: Uint8Array) => {
      for (const byte of bytes) if (byte !== got++ % 251) wrong++;
    };
    for (let i = 0; i < 200; i++) {
      const length = sizes[pick(sizes.length)] as number;
      queue.push(from(piece(put, length)));
      put += length;
      expect(queue.length).toBe(put - got);
      for (let reads = pick(4); reads > 0 && queue.length > 0; reads--) {
        if (pick(2)) {
          take(queue.take());
          continue;
        }
        const room = new Uint8Array(1 + pick(100_000));
        take(room.subarray(0, queue.fill(room)));
      }
    }
    while (queue.length > 0) take(queue.take());
    expect([got, wrong]).toEqual([put, 0]);
  },
);

test("small pieces are chunks of their own, large ones are collected", () => {
  const queue = new BodyQueue();
  for (let i = 0; i < 3; i++) queue.push(from(piece(i, 100)));
  expect([queue.take().length, queue.take().length, queue.take().length]).toEqual([100, 100, 100]);
  for (let i = 0; i < 9; i++) queue.push(from(piece(i, 16_384)));
  expect(queue.take().length).toBe(SLAB);
  expect(queue.take().length).toBe(SLAB);
  expect(queue.take().length).toBe(16_384);
  expect(queue.length).toBe(0);
});

test("a body of a known length below 64 KiB is one array of that length, however it arrives", () => {
  for (const length of [1, 98, 9000, 10_000, 40_000, SLAB - 1]) {
    for (const size of [1, 100, 8000, 9000, 16_384]) {
      const queue = new BodyQueue(length);
      for (let at = 0; at < length; at += size) {
        queue.push(from(piece(at, Math.min(size, length - at))));
      }
      const chunk = queue.take();
      expect([chunk.length, chunk.buffer.byteLength, queue.length]).toEqual([length, length, 0]);
      expect(chunk).toEqual(piece(0, length));
    }
  }
});

test("each full chunk that is read doubles those to come, up to 256 KiB", () => {
  const queue = new BodyQueue(), sizes: number[] = [];
  for (let i = 0; i < 5; i++) {
    for (let sent = 0; sent < 4 * SLAB; sent += 16_384) queue.push(from(piece(sent, 16_384)));
    sizes.push(queue.take().length / SLAB);
  }
  expect(sizes).toEqual([1, 1, 1, 1, 2]); // the first four were filled before any was read
  queue.clear();
  for (let sent = 0; sent < 16 * SLAB; sent += 16_384) queue.push(from(piece(sent, 16_384)));
  sizes.length = 0;
  while (queue.length > 0) sizes.push(queue.take().length / SLAB);
  expect(sizes).toEqual([4, 4, 4, 4]);
});

test("a reader that waits for each piece has chunks of its length, and none that are larger", () => {
  const queue = new BodyQueue();
  for (let i = 0; i < 20; i++) {
    queue.push(from(piece(i, 48 * 1024)));
    const { length, buffer } = queue.take();
    expect([length, buffer.byteLength]).toEqual([48 * 1024, 48 * 1024]);
  }
});

test("a reader with a buffer of its own leaves the chunks as small as they are", () => {
  const queue = new BodyQueue(), room = new Uint8Array(SLAB);
  for (let i = 0; i < 8; i++) {
    queue.push(from(piece(i, SLAB)));
    expect(queue.fill(room)).toBe(SLAB);
  }
  queue.push(from(piece(0, 2 * SLAB)));
  expect(queue.take().length).toBe(SLAB);
});

test("a body that comes a byte at a time and is not read is few chunks", () => {
  const queue = new BodyQueue(), bytes = piece(0, 256 * 1024);
  for (let i = 0; i < bytes.length; i++) queue.push(from(bytes.subarray(i, i + 1)));
  let chunks = 0, got = 0, wrong = 0;
  for (; queue.length > 0; chunks++) {
    for (const byte of queue.take()) if (byte !== got++ % 251) wrong++;
  }
  expect([got, wrong]).toEqual([bytes.length, 0]);
  expect(chunks).toBeLessThan(50);
});

test("a chunk has a buffer of its own, as long as itself", () => {
  const queue = new BodyQueue(), seen = new Set<ArrayBuffer>();
  for (let i = 0; i < 50; i++) {
    queue.push(from(piece(i, 10_000 + i * 1000)));
    while (queue.length > 0) {
      const chunk = queue.take();
      expect(chunk.byteOffset).toBe(0);
      expect(chunk.buffer.byteLength).toBe(chunk.length);
      expect(seen.has(chunk.buffer)).toBe(false);
      seen.add(chunk.buffer);
    }
  }
});

test("bytes that one reader got are not changed by later ones", () => {
  const queue = new BodyQueue(), room = new Uint8Array(SLAB);
  const kept: [chunk: Uint8Array, from: number][] = [];
  for (let i = 0; i < 40; i++) {
    queue.push(from(piece(i, SLAB)));
    // emptied slabs are used again: those of fill, never those of take
    if (i % 2) queue.fill(room);
    else kept.push([queue.take(), i]);
  }
  for (const [chunk, from] of kept) {
    expect(chunk.every((byte, i) => byte === (from + i) % 251)).toBe(true);
  }
});

test("clear forgets all, and the queue goes on", () => {
  const queue = new BodyQueue();
  queue.push(from(piece(0, 50)));
  queue.push(from(piece(0, 20_000)));
  queue.clear();
  expect(queue.length).toBe(0);
  expect(queue.fill(new Uint8Array(10))).toBe(0);
  queue.push(from(piece(3, 12_000)));
  expect(queue.take()).toEqual(piece(3, 12_000));
});

test("a chunk has nothing else in its buffer, also the rest of one that a read took the start of", () => {
  const queue = new BodyQueue();
  for (const taken of [0, 1, 9000, 16_384]) {
    queue.push(from(piece(0, 16_384)));
    queue.push(from(piece(16_384, 10_000)));
    const room = new Uint8Array(taken);
    expect(queue.fill(room)).toBe(taken);
    while (queue.length > 0) {
      const { length, buffer } = queue.take();
      expect(buffer.byteLength).toBe(length);
    }
  }
});

// also where the body is shorter or longer than the length for which there is room
test.each([0, 1, SLAB, 4 * MIB - 1, 4 * MIB, 9 * MIB + 7])(
  "a body that is taken as a whole has every byte, where %d bytes were announced",
  (announced) => {
    for (const size of [0, 1, SLAB + 1, 4 * MIB + 1, 9 * MIB + 7]) {
      const pick = random(size), queue = new BodyQueue();
      const body = piece(0, size);
      let at = Math.min(pick(300_000), size);
      queue.push(from(body.subarray(0, at)));
      queue.reserve(announced);
      while (at < size) {
        queue.push(from(body.subarray(at, at = Math.min(at + 1 + pick(3 * MIB), size))));
      }
      expect(queue.length).toBe(size);
      const all = queue.takeAll();
      expect([all.length, Buffer.compare(all, body)]).toEqual([size, 0]);
    }
  },
);

test("a length for which there is no memory is not reserved", () => {
  const queue = new BodyQueue();
  queue.reserve(2 ** 50);
  queue.push(from(piece(0, 100)));
  expect(queue.takeAll()).toEqual(piece(0, 100));
});
