// A body that is all there when its head is. What native code makes of it is in native_readers.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent } from "../../../mod.ts";
import { transferInfo } from "../../../src/http/response/response.ts";
import { useServer } from "../../use.ts";
import { failure, get as fetchBody, isBun, isPattern, record } from "../support.ts";

const server = useServer("http");
let agent: Agent;
beforeAll(() => {
  agent = new Agent();
});
afterAll(() => agent.close());

const get = (path: string) => fetchBody(server.url(path), { agent });
const LIMIT = 64 * 1024;

test("it can be read in every way", async () => {
  const text = await (await get("/small")).text();
  expect(text).toHaveLength(98);
  expect(JSON.stringify(await (await get("/small")).json())).toHaveLength(98);
  expect((await (await get("/small")).arrayBuffer()).byteLength).toBe(98);
  expect((await (await get("/small")).bytes()).length).toBe(98);
  const blob = await (await get("/small")).blob();
  expect(blob.size).toBe(98);
  expect(blob.type).toMatch(/^application\/json(;charset=utf-8)?$/); // Bun adds that

  let size = 0;
  for await (const chunk of (await get("/small")).body!) size += chunk.length;
  expect(size).toBe(98);
});

test("it can be read once", async () => {
  const response = await get("/small");
  expect(response.bodyUsed).toBe(false);
  await response.text();
  expect(response.bodyUsed).toBe(true);
  expect(await failure(response.text())).toBeInstanceOf(TypeError);
  const locked = await get("/small"), reader = locked.body!.getReader();
  expect(await failure(locked.text())).toBeInstanceOf(TypeError);
  expect(() => locked.body!.getReader()).toThrow(TypeError);
  expect(() => locked.body!.getReader({ mode: "byob" })).toThrow(TypeError);
  reader.releaseLock();
});

test.skipIf(isBun)(
  "a lock does not use it (not on Bun, whose own fetch has that too)",
  async () => {
    const locked = await get("/small"), reader = locked.body!.getReader();
    expect(locked.bodyUsed).toBe(false);
    reader.releaseLock();
    expect(await locked.text()).toHaveLength(98);
    expect(locked.bodyUsed).toBe(true);
  },
);

test("a clone can be made after the stream was accessed", async () => {
  const response = await get("/small");
  expect(response.body?.locked).toBe(false);
  const clone = response.clone();
  expect(clone).toMatchObject({ status: 200, statusText: "OK", url: server.url("/small") });
  expect(clone.headers.get("content-type")).toBe("application/json");
  expect(await clone.text()).toBe(await response.text());
  expect((await (await get("/small")).clone().blob()).size).toBe(98);
});

test("its body is one stream", async () => {
  const response = await get("/small");
  expect(response.body).toBeInstanceOf(ReadableStream);
  expect(response.body).toBe(response.body);
  const [one, two] = response.body!.tee();
  expect(await new Response(one).text()).toBe(await new Response(two).text());
});

test("a clone and the original have it both", async () => {
  const response = await get("/bytes/3000"), clone = response.clone();
  expect(clone.url).toBe(server.url("/bytes/3000"));
  expect(transferInfo(clone)).toBe(transferInfo(response));
  for (const one of [clone, response]) {
    const bytes = await one.bytes();
    expect([bytes.length, isPattern(bytes)]).toEqual([3000, true]);
  }
});

test("writing into the bytes of one changes nothing in its clone", async () => {
  for (const read of ["bytes", "arrayBuffer"] as const) {
    const response = await get("/bytes/300"), clone = response.clone(), again = clone.clone();
    const bytes = await response[read]();
    new Uint8Array(bytes instanceof ArrayBuffer ? bytes : bytes.buffer).fill(255);
    for (const one of [clone, again]) {
      const own = await one.bytes();
      expect([own.length, isPattern(own)]).toEqual([300, true]);
      own.fill(255);
    }
  }
});

test("a reader with a buffer of its own gets it piece by piece", async () => {
  // on Bun there is none, as with its own fetch, unless an abort may end the body
  const signal = isBun ? new AbortController().signal : null;
  const get = () => fetchBody(server.url("/bytes/1000"), { agent, signal });
  for (const response of [await get(), (await get()).clone()]) {
    const reader = response.body!.getReader({ mode: "byob" }), all: number[] = [];
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(300));
      if (done) break;
      all.push(...value);
    }
    expect([all.length, isPattern(Uint8Array.from(all))]).toEqual([1000, true]);
    expect(response.bodyUsed).toBe(true);
  }
});

test("a body may be as large as the limit, or larger", async () => {
  for (const size of [0, 1, LIMIT - 1, LIMIT, LIMIT + 1, 4 * LIMIT, 5 * LIMIT + 1]) {
    const response = await get(`/bytes/${size}`);
    expect(response.body).not.toBe(null);
    const bytes = await response.bytes();
    expect([bytes.length, isPattern(bytes)]).toEqual([size, true]);
    expect(transferInfo(response).bytesIn).toBe(size);
  }
});

test("it can be cancelled, or left", async () => {
  const response = await get("/small");
  await response.body!.cancel();
  expect(await failure(response.text())).toBeInstanceOf(TypeError);
  await get("/small");
});

test("one that is cut off fails, though its head is there", async () => {
  await using recorder = await record("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc");
  const response = await fetchBody(recorder.url, { agent });
  expect(await failure(response.text())).toBeInstanceOf(TypeError);
});

test("trailers and headers are there", async () => {
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\nX-H: 1\r\n\r\n";
  await using recorder = await record(`${head}3\r\nabc\r\n0\r\nX-T: 2\r\n\r\n`);
  const response = await fetchBody(recorder.url, { agent });
  expect(response.headers.get("x-h")).toBe("1");
  expect(await response.text()).toBe("abc");
  expect(transferInfo(response).trailers).toEqual([["X-T", "2"]]);
});

test("another response can be made of it", async () => {
  const response = await get("/small"), copy = new Response(response.body, response);
  expect(copy.headers.get("content-type")).toBe("application/json");
  expect(await copy.text()).toHaveLength(98);
});
