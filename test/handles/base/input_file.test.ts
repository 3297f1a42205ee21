// Files that are read straight into C memory.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { allocate, bytesAt, release } from "../../../ffi/memory.ts";
import { native, type NonNullPointer } from "../../../ffi/mod.ts";
import { InputFile } from "../../../src/handles/base/input_file.ts";
import { descriptors } from "../../driver/support.ts";
import { useFolder } from "../../use.ts";

const folder = useFolder("input");
const path = (name: string) => join(folder, name);

/** Reads into a block with 8 guard bytes on each side, and gives all of the block. */
function read(file: InputFile, room: number, at: number): { count: number; block: number[] } {
  const block = allocate(room + 16);
  try {
    bytesAt(block, 0);
    native.view(block, room + 16).fill(0xee);
    const target = native.pointer(native.address(block) + 8) as NonNullPointer;
    return { count: file.read(target, room, at), block: [...bytesAt(block, room + 16)] };
  } finally {
    release(block);
  }
}

test("any position and room gives those bytes, and changes no byte beside them", () => {
  const content = Uint8Array.from({ length: 50 }, (_, i) => i);
  writeFileSync(path("file"), content);
  const file = new InputFile(path("file")), guard = new Array(8).fill(0xee);
  expect(file.end).toBe(50);
  for (const at of [0, 1, 49, 50, 51, 2 ** 33]) {
    for (const room of [1, 7, 49, 50, 64]) {
      const { count, block } = read(file, room, at), given = content.subarray(at, at + room);
      expect(count).toBe(given.length);
      expect(block).toEqual([
        ...guard,
        ...given,
        ...new Array(room - given.length).fill(0xee),
        ...guard,
      ]);
    }
  }
  file.close();
});

test("is opened when it is needed, and leaves no descriptor", () => {
  writeFileSync(path("late"), "late");
  const before = descriptors("/late");
  const file = new InputFile(path("late"));
  expect(descriptors("/late") - before).toBe(0);
  expect(file.hasByte(3)).toBe(true);
  expect(file.hasByte(4)).toBe(false);
  expect(descriptors("/late") - before).toBe(1);
  file.close();
  file.close();
  expect(descriptors("/late") - before).toBe(0);
  expect(file.end).toBe(4);
  file.close();
});

test("what is no file of a size fails with C's words, and never waits", () => {
  mkdirSync(path("folder"));
  execFileSync("mkfifo", [path("fifo")]);
  expect(() => new InputFile(path("none")).end).toThrow("No such file or directory (errno 2)");
  expect(() => new InputFile(path("fifo")).end).toThrow("Illegal seek (errno 29)");
  const inFolder = new InputFile(path("folder"));
  expect(() => inFolder.hasByte(0)).toThrow("Is a directory (errno 21)");
  inFolder.close();
});

test.skipIf(!existsSync("/proc/self/status"))("a file without a known size has end 0", () => {
  const file = new InputFile("/proc/self/status");
  expect(file.end).toBe(0);
  expect(file.hasByte(0)).toBe(true);
  file.close();
});
