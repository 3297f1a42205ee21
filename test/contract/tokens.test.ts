// A small integer in a pointer's place: how one native callback finds its handle.
import { describe, expect, test } from "vitest";
import { useServer } from "../use.ts";
import { Loop } from "./loop.ts";
import { curl, DATA, OPT, Transfer, XFERINFO } from "./support.ts";

const CURLE_WRITE_ERROR = 23;
const CURLE_ABORTED_BY_CALLBACK = 42;
const CURL_WRITEFUNC_PAUSE = 0x10000001;
const CURL_WRITEFUNC_ERROR = 0xffffffff;
const CURLPAUSE_CONT = 0;

const server = useServer("http");

const TOKENS = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff];

describe.each(TOKENS)("the token %i", (token) => {
  test("arrives unsigned in the write callback", () => {
    const seen: number[] = [];
    using transfer = new Transfer(server.url("/small")).set(OPT.WRITEDATA, token);
    transfer.on(OPT.WRITEFUNCTION, DATA, (_at, size, count, data) => {
      seen.push(data);
      return size * count;
    });
    expect(transfer.perform()).toBe(0);
    expect(seen).toEqual([token]);
  });

  test("arrives unsigned in the progress callback", () => {
    const seen = new Set<number>();
    using transfer = new Transfer(server.url("/small")).set(OPT.XFERINFODATA, token);
    transfer.set(OPT.NOPROGRESS, 0).on(OPT.XFERINFOFUNCTION, XFERINFO, (data) => {
      seen.add(data);
      return 0;
    });
    expect(transfer.perform()).toBe(0);
    expect([...seen]).toEqual([token]);
  });
});

test("a token given to curl_multi_assign arrives with the next call for that socket", async () => {
  using loop = new Loop();
  using transfer = new Transfer(server.url("/slow/3/20")).set(OPT.FORBID_REUSE, 1);
  loop.add(transfer);
  const reading = () => loop.announced.find(({ what }) => what === 1);
  await loop.until(() => reading() !== undefined);
  const { fd } = reading() as { fd: number };
  expect(curl.curl_multi_assign(loop.multi, fd, 0xffffffff)).toBe(0);
  await loop.until(() => loop.resultOf(transfer) !== undefined);
  curl.curl_multi_remove_handle(loop.multi, transfer.easy);
  await loop.until(() => loop.announced.some(({ what }) => what === 4));
  const removed = loop.announced.filter((one) => one.what === 4 && one.fd === fd);
  expect(removed.map(({ token }) => token)).toEqual([0xffffffff]);
});

test("sizes arrive as numbers that add up to the body", () => {
  let total = 0, largest = 0;
  using transfer = new Transfer(server.url("/bytes/1000000"));
  transfer.on(OPT.WRITEFUNCTION, DATA, (at, size, count) => {
    expect(at).not.toBeNull();
    total += size * count;
    largest = Math.max(largest, count);
    return size * count;
  });
  expect(transfer.perform()).toBe(0);
  expect(total).toBe(1_000_000);
  expect(largest).toBeGreaterThan(1000);
});

test("CURL_WRITEFUNC_PAUSE given as a u32 pauses, and the same bytes come again", async () => {
  const calls: number[] = [];
  using loop = new Loop();
  using transfer = new Transfer(server.url("/small"));
  transfer.on(OPT.WRITEFUNCTION, DATA, (_at, size, count) => {
    calls.push(size * count);
    return calls.length === 1 ? CURL_WRITEFUNC_PAUSE : size * count;
  });
  loop.add(transfer);
  await loop.until(() => calls.length > 0);
  for (let i = 0; i < 20; i++) loop.turn(5);
  expect(loop.resultOf(transfer)).toBeUndefined();
  expect(calls).toEqual([98]);
  expect(curl.curl_easy_pause(transfer.easy, CURLPAUSE_CONT)).toBe(0);
  await loop.until(() => loop.resultOf(transfer) !== undefined);
  expect(loop.resultOf(transfer)).toBe(0);
  expect(calls).toEqual([98, 98]);
  curl.curl_multi_remove_handle(loop.multi, transfer.easy);
});

test.each([CURL_WRITEFUNC_ERROR, 0, 97])("a write that returns %i fails the transfer", (result) => {
  using transfer = new Transfer(server.url("/small"));
  transfer.on(OPT.WRITEFUNCTION, DATA, () => result);
  expect(transfer.perform()).toBe(CURLE_WRITE_ERROR);
});

test("off_t arguments beyond 32 bits arrive as numbers: a download of 5 GB", () => {
  const totals = new Set<number>();
  using transfer = new Transfer(server.url("/bytes/5000000000")).set(OPT.NOPROGRESS, 0);
  transfer.on(OPT.XFERINFOFUNCTION, XFERINFO, (_data, total) => {
    totals.add(total);
    return total > 0 ? 1 : 0;
  });
  expect(transfer.perform()).toBe(CURLE_ABORTED_BY_CALLBACK);
  expect([...totals]).toEqual([0, 5_000_000_000]);
});

test("off_t options beyond 32 bits go in as numbers: an upload of 9 PB", () => {
  const totals = new Set<number>();
  const size = Number.MAX_SAFE_INTEGER;
  using transfer = new Transfer(server.url("/upload")).set(OPT.NOPROGRESS, 0);
  transfer.set(OPT.UPLOAD, 1).set(OPT.INFILESIZE_LARGE, size);
  transfer.on(OPT.READFUNCTION, DATA, (_at, size, count) => size * count);
  transfer.on(OPT.XFERINFOFUNCTION, XFERINFO, (_data, _down, _now, total, now) => {
    expect(typeof now).toBe("number");
    totals.add(total);
    return total > 0 ? 1 : 0;
  });
  expect(transfer.perform()).toBe(CURLE_ABORTED_BY_CALLBACK);
  expect(totals).toContain(size);
});
