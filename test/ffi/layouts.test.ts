// Struct layouts and C memory: where the fields are, and that nothing is lost on the way.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { check, epollLayout, kqueue, lastError, libc } from "../../ffi/libc.ts";
import {
  allocate,
  allocateBytes,
  bytesAt,
  copyIn,
  copyOut,
  cString,
  live,
  release,
  result,
  Struct,
  textAt,
  utf8,
} from "../../ffi/memory.ts";
import { native, type NonNullPointer } from "../../ffi/mod.ts";

describe("struct epoll_event", () => {
  test("is packed on x86-64 only", () => {
    expect(epollLayout("x86_64")).toEqual({ words: 3, data: 1 });
    for (const arch of ["aarch64", "riscv64", "s390x", "anything"]) {
      expect(epollLayout(arch)).toEqual({ words: 4, data: 2 });
    }
  });
});

/** What the C compiler says of these expressions; `null` where there is none. */
function fromC(includes: readonly string[], expressions: readonly string[]): number[] | null {
  const folder = mkdtempSync(join(tmpdir(), "curlew-layout-"));
  try {
    const source = [
      "#include <stddef.h>",
      "#include <stdio.h>",
      ...includes.map((name) => `#include <${name}>`),
      "int main(void) {",
      ...expressions.map((expression) => `printf("%ld\\n", (long)(${expression}));`),
      "}\n",
    ].join("\n");
    writeFileSync(join(folder, "layout.c"), source);
    execFileSync("cc", ["-w", "-o", "layout", "layout.c"], { cwd: folder, stdio: "pipe" });
    return execFileSync(join(folder, "layout"), { encoding: "utf8" }).trim().split("\n").map(
      Number,
    );
  } catch {
    return null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("against the C compiler (skipped where there is none, or not its headers)", () => {
  test("epoll_event is as the layout says (Linux only)", (context) => {
    const found = fromC(["sys/epoll.h"], [
      "sizeof(struct epoll_event) / 4",
      "offsetof(struct epoll_event, data) / 4",
      "EPOLL_CTL_ADD",
      "EPOLL_CTL_DEL",
      "EPOLL_CTL_MOD",
      "EPOLL_CLOEXEC",
    ]);
    if (!found) return context.skip("no cc, or no sys/epoll.h");
    const { words, data } = epollLayout(native.arch);
    expect(found).toEqual([words, data, 1, 2, 3, 0x80000]);
  });

  test("pollfd is { int fd; short events; short revents }", (context) => {
    const found = fromC(["poll.h"], [
      "sizeof(struct pollfd)",
      "offsetof(struct pollfd, events)",
      "offsetof(struct pollfd, revents)",
      "POLLIN",
    ]);
    if (!found) return context.skip("no cc");
    expect(found).toEqual([8, 4, 6, 1]);
  });

  test("libcurl's own structs are where the callbacks and infos read them", (context) => {
    const found = fromC(["curl/curl.h"], [
      "offsetof(struct curl_sockaddr, addrlen)",
      "offsetof(struct curl_sockaddr, addr)",
      "offsetof(struct curl_khkey, len)",
      "offsetof(struct curl_khkey, keytype)",
      "offsetof(struct curl_fileinfo, size)",
      "offsetof(struct curl_fileinfo, strings)",
      "offsetof(struct curl_fileinfo, flags)",
      "offsetof(struct curl_hstsentry, expire)",
      "sizeof(struct curl_hstsentry)",
      "offsetof(struct curl_blob, len)",
      "offsetof(struct curl_blob, flags)",
      "sizeof(struct curl_blob)",
      "offsetof(struct curl_header, origin)",
      "offsetof(struct curl_certinfo, certinfo)",
      "offsetof(struct curl_tlssessioninfo, internals)",
      "offsetof(curl_version_info_data, protocols)",
      "offsetof(CURLMsg, data)",
      "offsetof(struct curl_waitfd, revents)",
      "CURL_ERROR_SIZE",
    ]);
    if (!found) return context.skip("no cc, or no curl/curl.h");
    expect(found).toEqual([12, 16, 8, 16, 40, 56, 96, 17, 40, 8, 16, 24, 32, 8, 8, 64, 16, 6, 256]);
  });

  test("kevent and its numbers are as kqueue has them (macOS and BSD only)", (context) => {
    const found = fromC(["sys/types.h", "sys/event.h"], [
      "sizeof(struct kevent)",
      "EVFILT_READ",
      "EVFILT_WRITE",
      "EV_ADD",
      "EV_DELETE",
      "EV_RECEIPT",
      "EV_ERROR",
      "EV_EOF",
    ]);
    if (!found) return context.skip("no cc, or no sys/event.h");
    const { SIZE, EVFILT_READ, EVFILT_WRITE, EV_ADD, EV_DELETE } = kqueue;
    const { EV_RECEIPT, EV_ERROR, EV_EOF } = kqueue;
    expect(found).toEqual(
      [SIZE, EVFILT_READ, EVFILT_WRITE, EV_ADD, EV_DELETE, EV_RECEIPT, EV_ERROR, EV_EOF],
    );
  });
});

describe("Struct", () => {
  test("reads and writes each type at its place, and NULL as null", () => {
    const text = allocateBytes(utf8("Zürich\0"));
    const block = allocate(40);
    const at = new Struct(block, 40);
    at.setI32(0, -5);
    at.setU8(4, 255);
    at.setI64(8, native.address(text));
    at.setI64(16, -(2 ** 40));
    at.setI64(24, 0);
    expect([at.i32(0), at.i64(16)]).toEqual([-5, -(2 ** 40)]);
    expect(at.address(8)).toBe(native.address(text));
    expect(at.string(8)).toBe("Zürich");
    expect([at.pointer(24), at.string(24)]).toEqual([null, null]);
    release(block);
    release(text);
  });
});

describe("C strings", () => {
  test.each(["", "plain", "Zürich", "東京", "🦤🪿", "a\u0301", "\u{10ffff}"])("hold %o", (text) => {
    const bytes = cString(text);
    expect(new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)))).toBe(text);
    const block = allocateBytes(utf8(text + "\0"));
    expect(native.string(block)).toBe(text);
    expect(textAt(block, utf8(text).length)).toBe(text);
    release(block);
  });

  test("hold what is longer than the scratch buffer, at its edges too", () => {
    for (const length of [5460, 5461, 5462, 16_383, 16_384, 100_000]) {
      const text = "é".repeat(length);
      const bytes = cString(text);
      expect(bytes.indexOf(0)).toBe(2 * length);
    }
  });

  test("replace a lone surrogate, as UTF-8 has none", () => {
    const bytes = cString("a\ud800b");
    expect(new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)))).toBe("a\ufffdb");
  });
});

describe("memory", () => {
  test("is counted until it is given back", () => {
    const { blocks } = live;
    const taken = [0, 1, 1000].map(allocate);
    expect(live.blocks).toBe(blocks + 3);
    for (const block of taken) release(block);
    expect(live.blocks).toBe(blocks);
  });

  test("is copied in and out, parts of views and nothing included", () => {
    const block = allocateBytes(new Uint8Array([1, 2, 3, 4]));
    copyOut(block, new Uint8Array([9, 8, 7]).subarray(1));
    expect([...bytesAt(block, 4)]).toEqual([8, 7, 3, 4]);
    const target = new Uint8Array(4);
    copyIn(target, block, 2);
    copyIn(target, block, 0);
    copyOut(block, new Uint8Array(0));
    expect([...target]).toEqual([8, 7, 0, 0]);
    expect(bytesAt(null, 3)).toEqual(new Uint8Array(3));
    release(block);
  });

  test("the place for results shows one value in each type", () => {
    result.i64[0] = -1n;
    expect([result.i32[0], result.u32[0], result.integer()]).toEqual([-1, 0xffffffff, -1]);
    result.i64[0] = 0x7fff12345678n;
    expect(result.address()).toBe(0x7fff12345678);
    expect(native.address(result.pointer() as NonNullPointer)).toBe(0x7fff12345678);
    result.i64[0] = 0n;
    expect(result.pointer()).toBeNull();
  });
});

describe("errno", () => {
  test("is told in words where a call failed", () => {
    expect(check("close", 0)).toBe(0);
    expect(() => check("close", libc.close(-1))).toThrow(/^Cannot close\(\): .+ \(errno \d+\)$/);
    expect(lastError()).toMatch(/errno/);
  });
});
