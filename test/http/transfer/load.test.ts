// Many fetches, one after another and at once.
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { useServer } from "../../use.ts";
import { inChild } from "../child.ts";
import { ALPN } from "../../versions.ts";
import { get, isBun, isFull, isPattern } from "../support.ts";

const server = useServer("http", "h2");

/** V8 lets its space for new objects grow to three times 16 MiB, which is no leak. */
const env = { DENO_V8_FLAGS: "--expose-gc,--max-semi-space-size=2" };

const COUNT = isFull ? 10_000 : 2000;

interface Marks {
  readonly rssMiB: number;
  readonly sockets: number;
  readonly polls: number;
  readonly easies: number;
  readonly blocks: number;
}

test("a loop of fetches leaves memory flat and no descriptor", { timeout: 120_000 }, async () => {
  const child = await inChild(
    server,
    `const round = async (count) => {
      for (let i = 0; i < count; i++) {
        const response = await fetch(base + (i % 10 ? "/small" : "/bytes/50000"));
        if (response.status !== 200) throw new Error("status " + response.status);
        await response.arrayBuffer();
      }
    };
    const measure = async () => {
      for (let i = 0; i < 5; i++) {
        collect();
        await sleep(50);
      }
      const { easies, blocks } = support.counters();
      const sockets = shared.descriptors("socket"), polls = shared.descriptors("anon_inode");
      say({ rssMiB: Math.round(rss() / 2 ** 20), sockets, polls, easies, blocks });
    };
    await round(1000);
    await measure();
    for (let i = 0; i < 4; i++) {
      await round(${COUNT / 4});
      await measure();
    }`,
    { env, timeoutMs: 110_000 },
  );
  expect(child, child.stderr).toMatchObject({ code: 0 });
  const [first, ...later] = child.said as Marks[];
  const last = later.at(-1) as Marks;
  console.log(isBun ? "Bun" : "Deno", COUNT, (child.said as Marks[]).map(({ rssMiB }) => rssMiB));
  expect(last.rssMiB - (first as Marks).rssMiB).toBeLessThan(20);
  expect(last.rssMiB - (later[1] as Marks).rssMiB).toBeLessThan(12);
  const { sockets, blocks, easies } = first as Marks;
  expect(last.sockets).toBe(sockets);
  // a handle may be kept for the next fetch, with a place for error texts
  expect(last.easies).toBeLessThanOrEqual(1);
  expect(last.blocks - last.easies).toBe(blocks - easies);
  // the waiter makes an eventfd when it needs one for the first time
  expect(last.polls - (first as Marks).polls).toBeLessThanOrEqual(1);
});

test("five hundred at once get the right bytes", { timeout: 60_000 }, async () => {
  const sizes = Array.from({ length: 500 }, (_, i) => (i * 7919) % 300_000);
  const bodies = await Promise.all(sizes.map(async (size, i) => {
    const path = `/${i % 2 ? "bytes" : "chunked"}/${size}`;
    return await (await get(server.url(path), { timeout: 50_000 })).bytes();
  }));
  expect(bodies.map(({ length }) => length)).toEqual(sizes);
  expect(bodies.every((bytes) => isPattern(bytes))).toBe(true);
});

test("five hundred at once send the right bytes", { timeout: 60_000 }, async () => {
  const bodies = Array.from(
    { length: 500 },
    (_, i) => new Uint8Array((i * 7919) % 200_000).fill(i),
  );
  const answers = await Promise.all(bodies.map(async (bytes, i) => {
    const body = i % 2 ? bytes : new Blob([bytes]);
    return await (await get(server.url("/sink"), { method: "POST", body, timeout: 50_000 })).json();
  }));
  const wanted = bodies.map((bytes) => ({
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  }));
  expect(answers).toEqual(wanted);
});

test("five hundred at once share a connection over HTTP/2", { timeout: 60_000 }, async () => {
  const curl = { CAINFO: server.ca, ...ALPN };
  await (await get(server.url("/small", "h2"), { curl })).text();
  const sizes = Array.from({ length: 500 }, (_, i) => (i * 7919) % 100_000);
  const bodies = await Promise.all(sizes.map(async (size) => {
    const response = await get(server.url(`/bytes/${size}`, "h2"), { curl, timeout: 50_000 });
    return await response.bytes();
  }));
  expect(bodies.map(({ length }) => length)).toEqual(sizes);
  expect(bodies.every((bytes) => isPattern(bytes))).toBe(true);
});
