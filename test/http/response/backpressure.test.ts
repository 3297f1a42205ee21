// A slow reader slows the server down, and costs no memory.
import { expect, test } from "vitest";
import { useServer } from "../../use.ts";
import { inChild } from "../child.ts";
import { isBun, isFull } from "../support.ts";
import { ALPN, libcurl } from "../../versions.ts";

const server = useServer("http", "h2");

const MIB = 1 << 20;
/** How long it reads slowly, and how much there is in all. */
const SLOW_MS = isFull ? 20_000 : 3000, SIZE = isFull ? 2 ** 31 : 2 ** 28;

interface Measured {
  readonly slowMiB: number;
  readonly size: number;
  readonly peakMiB: number;
  readonly slowPeakMiB: number;
}

/** Reads 10 MB/s for a while, then all; by how much memory grew. */
async function readSlowly(url: string): Promise<Measured> {
  const child = await inChild(
    server,
    `const curl = { CAINFO: ports.ca || null, ...${JSON.stringify(ALPN)} };
    // the runtime's own machinery is in memory before it counts
    const warmUp = await ask(process.env.URL.replace(/bytes.*/, "bytes/20000000"), { curl });
    for await (const _ of warmUp.body);
    collect();
    await sleep(200);
    const before = rss(), started = performance.now();
    let peak = before, slowPeak = before, size = 0, slow = 0;
    // nobody makes the runtime collect what was read
    const timer = setInterval(() => peak = Math.max(peak, rss()), 20);
    const response = await fetch(process.env.URL, { curl });
    for await (const chunk of response.body) {
      size += chunk.length;
      if ((size >> 21) !== ((size - chunk.length) >> 21)) peak = Math.max(peak, rss());
      const ms = performance.now() - started;
      if (ms > ${SLOW_MS}) continue;
      [slow, slowPeak] = [size, peak];
      const ahead = size / 10_000 - ms; // at 10 MB/s
      if (ahead > 5) await sleep(ahead);
    }
    clearInterval(timer);
    const mib = (bytes) => Math.round(bytes / ${MIB} * 10) / 10;
    say({ size, slowMiB: mib(slow), peakMiB: mib(peak - before), slowPeakMiB: mib(slowPeak - before) });`,
    { env: { URL: url, DENO_V8_FLAGS: "--expose-gc" }, timeoutMs: 120_000 },
  );
  expect(child, child.stderr).toMatchObject({ code: 0 });
  const measured = child.said[0] as Measured;
  console.log(isBun ? "Bun" : "Deno", url.split(":")[0], measured);
  return measured;
}

test("over HTTP/1.1 less than 32 MiB", { timeout: 150_000 }, async () => {
  const { size, slowMiB, peakMiB } = await readSlowly(server.url(`/bytes/${SIZE}`));
  expect(size).toBe(SIZE);
  expect(slowMiB).toBeGreaterThan(SLOW_MS / 1000 * 5);
  expect(slowMiB).toBeLessThan(SLOW_MS / 1000 * 11 + 2);
  expect(peakMiB).toBeLessThan(32);
});

const { pausesH2 } = libcurl;
test.skipIf(!pausesH2.holds)(`over HTTP/2 that and the window of a stream${pausesH2.note}`, {
  timeout: 150_000,
}, async () => {
  const { size, slowMiB, slowPeakMiB } = await readSlowly(server.url(`/bytes/${SIZE}`, "h2"));
  expect(size).toBe(SIZE);
  expect(slowMiB).toBeLessThan(SLOW_MS / 1000 * 11 + 2);
  expect(slowPeakMiB).toBeLessThan(32 + 32);
});

test("a body that is not read stops at a buffer", async () => {
  const child = await inChild(
    server,
    `const response = await fetch(base + "/bytes/2147483648");
    await sleep(500);
    const { bytesIn } = transferInfo(response);
    await sleep(300);
    say([bytesIn, transferInfo(response).bytesIn]);
    await response.body.cancel();`,
  );
  expect(child, child.stderr).toMatchObject({ code: 0 });
  const [first, second] = child.said[0] as [number, number];
  expect(first).toBe(second);
  expect(first).toBeLessThan(2 * MIB);
  expect(first).toBeGreaterThan(200_000);
});

test("an upload from a stream costs no memory", async () => {
  const child = await inChild(
    server,
    `const send = (chunks) => {
      const body = new ReadableStream({
        pull(controller) {
          if (chunks-- > 0) controller.enqueue(new Uint8Array(65536));
          else controller.close();
        },
      });
      return ask(base + "/sink?hash=0", { method: "POST", body });
    };
    await (await send(400)).text();
    collect();
    const before = rss();
    let peak = before;
    const timer = setInterval(() => {
      collect();
      peak = Math.max(peak, rss());
    }, 50);
    const response = await send(4096);
    clearInterval(timer);
    say([(await response.json()).bytes, (peak - before) / ${MIB}]);`,
    { env: { DENO_V8_FLAGS: "--expose-gc,--max-semi-space-size=2" } },
  );
  expect(child, child.stderr).toMatchObject({ code: 0 });
  const [bytes, grown] = child.said[0] as [number, number];
  expect(bytes).toBe(2 ** 28);
  expect(grown).toBeLessThan(32);
});
