// What room 1 promises about memory, callbacks and libraries, on both runtimes alike.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { libc, libcPath } from "../../ffi/libc.ts";
import { allocate, allocateBytes, bytesAt, release } from "../../ffi/memory.ts";
import type { NonNullPointer } from "../../ffi/native.ts";
import { native } from "../../ffi/runtime.ts";
import { runChild } from "../server/child.ts";
import { cstr, curl, isLinux, version } from "./support.ts";

const COMPARE = { args: ["pointer", "pointer"], result: "i32" } as const;
const QSORT = { args: ["buffer", "usize", "usize", "pointer"], result: "void" } as const;

function open(path: string): unknown {
  return native.open(path, { curl_version: { args: [], result: "pointer" } });
}

describe("callbacks", () => {
  test("a thousand callbacks are alive at once, each its own, and can be closed", () => {
    const { qsort } = native.open(libcPath, { qsort: QSORT });
    const called: number[] = [];
    const made = Array.from({ length: 1000 }, (_, i) =>
      native.callback(COMPARE, () => {
        called.push(i);
        return 0;
      }));
    expect(new Set(made.map(({ pointer }) => native.address(pointer))).size).toBe(1000);
    for (const { pointer } of made) qsort!(new Int32Array(2), 2, 4, pointer);
    for (const one of made) one.close();
    expect(called).toEqual(made.map((_, i) => i));
  });

  test("ten thousand callbacks can be created and closed one after the other", () => {
    for (let i = 0; i < 10_000; i++) native.callback(COMPARE, () => 0).close();
    expect(native.string(curl.curl_version())).toContain(version);
  });

  test("results reach C with their sign: qsort sorts by a JS function", () => {
    const { qsort } = native.open(libcPath, { qsort: QSORT });
    const int = (at: NonNullPointer | null) =>
      new Int32Array(native.view(at as NonNullPointer, 4).buffer)[0] as number;
    const compare = native.callback(COMPARE, (a, b) => int(a) < int(b) ? -1 : 1);
    const numbers = new Int32Array([5, -3, 9, 0, -0x80000000, 7]);
    qsort!(numbers, numbers.length, 4, compare.pointer);
    compare.close();
    expect([...numbers]).toEqual([-0x80000000, -3, 0, 5, 7, 9]);
  });
});

describe("memory", () => {
  test("a view shows C's bytes without a copy, and writes through to them", () => {
    const block = allocateBytes(new Uint8Array([1, 2, 3, 4]));
    const view = native.view(block, 4);
    expect([...view]).toEqual([1, 2, 3, 4]);
    view[2] = 99;
    expect([...bytesAt(block, 4)]).toEqual([1, 2, 99, 4]);
    release(block);
  });

  test("a view of no bytes is an empty array", () => {
    const block = allocate(1);
    expect(native.view(block, 0).length).toBe(0);
    release(block);
  });

  test("a pointer and its address go round, and NULL is 0", () => {
    const block = allocateBytes(new Uint8Array([42]));
    const address = native.address(block);
    expect(address).toBeGreaterThan(0);
    expect(native.view(native.pointer(address) as NonNullPointer, 1)[0]).toBe(42);
    expect(native.address(native.pointer(address))).toBe(address);
    expect(native.pointer(0)).toBeNull();
    expect(native.address(null)).toBe(0);
    release(block);
  });

  test("addresses up to 2^47 - 1 survive as numbers", () => {
    for (const address of [1, 0xffffffff, 0x1_0000_0000, 0x7fff_ffff_ffff]) {
      expect(native.address(native.pointer(address))).toBe(address);
    }
  });

  test.each(["", "plain", "Zürich, 東京, 🦤", "\ud83e\udda4".repeat(10_000)])(
    "a C string is read as UTF-8: %.20s",
    (text) => {
      const block = allocateBytes(cstr(text));
      expect(native.string(block)).toBe(text);
      expect(libc.strlen(block)).toBe(cstr(text).length - 1);
      release(block);
    },
  );

  test("the string at NULL is null", () => {
    expect(native.string(null)).toBeNull();
  });

  test("text goes to libcurl and back unharmed", () => {
    const text = "Zürich 東京 🦤";
    const escaped = curl.curl_easy_escape(null, cstr(text), 0);
    expect(native.string(escaped)).toBe(encodeURIComponent(text));
    curl.curl_free(escaped);
  });

  test("no block at all is null, not a crash", () => {
    expect(libc.malloc(Number.MAX_SAFE_INTEGER)).toBeNull();
    expect(() => allocate(Number.MAX_SAFE_INTEGER)).toThrow(RangeError);
  });
});

describe("libraries", () => {
  test("a missing library throws with its name in the message", () => {
    expect(() => open("libcurlew-missing.so.9")).toThrow("libcurlew-missing.so.9");
    expect(() => open("/no/such/folder/libcurl.so.4")).toThrow("/no/such/folder/libcurl.so.4");
  });

  test("a file that is no library throws with its name in the message", () => {
    const folder = mkdtempSync(join(tmpdir(), "curlew-native-"));
    const path = join(folder, "libcurl.so.4");
    writeFileSync(path, "no library");
    expect(() => open(path)).toThrow(path);
    rmSync(folder, { recursive: true });
  });

  test("a missing symbol is null, and the others are there", () => {
    const { getpid, no_such_function } = native.open(libcPath, {
      getpid: { args: [], result: "i32" },
      no_such_function: { args: [], result: "void" },
    });
    expect(no_such_function).toBeNull();
    expect(getpid!()).toBe(libc.getpid());
  });

  test("a function is bound at its address, with the same conversions", () => {
    const find = (name: string) => libc.dlsym(null, cstr(name)) as NonNullPointer;
    const getpid = native.at(find("getpid"), { args: [], result: "i32" });
    const strlen = native.at(find("strlen"), { args: ["buffer"], result: "usize" });
    expect(getpid()).toBe(libc.getpid());
    expect(strlen(cstr("four"))).toBe(4);
  });

  test("a name is looked up by the loader, not in the current directory (Linux only)", async (context) => {
    if (!isLinux) return context.skip();
    const folder = mkdtempSync(join(tmpdir(), "curlew-native-"));
    // a real library under a name that the loader does not know, and a trap under one that it does
    const real = /\S+\/libc(\.so\.6|-2\.\d+\.so)$/m.exec(readFileSync("/proc/self/maps", "utf8"))
      ?.[0] as string;
    copyFileSync(real, join(folder, "libcurlew-here.so.4"));
    writeFileSync(join(folder, "libcurl.so.4"), "a trap");
    const child = fileURLToPath(new URL("./children/open_library.ts", import.meta.url));
    const done = await runChild(child, { args: [folder] });
    rmSync(folder, { recursive: true });
    expect(done, done.stderr).toMatchObject({ code: 0 });
    const said = JSON.parse(done.stdout) as { known: string; unknown: string };
    expect(said.known).toMatch(/^libcurl\//);
    expect(said.unknown).toContain("libcurlew-here.so.4: cannot open shared object file");
  });
});
