// Nobody starves: neither a transfer beside larger ones, nor an agent beside a busier one.
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent } from "../../mod.ts";
import { startServer, type TestServer } from "../server/start.ts";
import { easyFor, failure, get, sleep, until } from "./support.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer("http");
});
afterAll(() => server.close());

const ENDLESS = "/bytes/1000000000000";

/** Endless downloads until `stop`: how many bytes each has had. */
function flood(agent: Agent, count: number): { bytes: number[]; stop(): Promise<void> } {
  const controller = new AbortController();
  const bytes = new Array<number>(count).fill(0);
  const running = bytes.map(async (_, i) => {
    using easy = easyFor(server.url(ENDLESS), {
      TIMEOUT_MS: 0,
      WRITEFUNCTION: (chunk) => {
        bytes[i]! += chunk.length;
        return chunk.length;
      },
    });
    await failure(agent.perform(easy, controller));
  });
  return {
    bytes,
    async stop() {
      controller.abort();
      await Promise.all(running);
    },
  };
}

test.each([16, 64])("%i endless downloads each get their share", async (count) => {
  await using agent = new Agent();
  const { bytes, stop } = flood(agent, count);
  await sleep(300);
  bytes.fill(0);
  const sum = () => bytes.reduce((all, one) => all + one, 0);
  // a share is 1 MB: sixty of each, since the server or TCP may leave one out for half a second
  await until(() => sum() > count * 60_000_000, 30_000);
  await stop();
  // seen: half of it on a busy machine, 0.9 on a calm one
  expect(Math.min(...bytes)).toBeGreaterThan(sum() / count / 10);
}, 40_000);

test("two agents of a thread that run flat out share it", async () => {
  await using one = new Agent();
  await using other = new Agent();
  const floods = [flood(one, 4), flood(other, 4)];
  await sleep(1000);
  await Promise.all(floods.map(({ stop }) => stop()));
  const [first, second] = floods.map(({ bytes }) => bytes.reduce((a, b) => a + b, 0));
  expect(first! / (first! + second!)).toBeGreaterThan(0.2);
  expect(first! / (first! + second!)).toBeLessThan(0.8);
});

test("small transfers go through beside large ones", async () => {
  await using agent = new Agent();
  const { stop } = flood(agent, 8);
  await sleep(100);
  const started = performance.now();
  for (let i = 0; i < 20; i++) await get(agent, server.url("/small"));
  const ms = performance.now() - started;
  await stop();
  expect(ms / 20).toBeLessThan(1000);
});

test("an abort gets through beside large transfers", async () => {
  await using agent = new Agent();
  const { stop } = flood(agent, 16);
  using easy = easyFor(server.url("/hold"));
  const controller = new AbortController();
  const running = failure(agent.perform(easy, controller));
  await sleep(200);
  const started = performance.now();
  controller.abort("now");
  expect(await running).toBe("now");
  expect(performance.now() - started).toBeLessThan(500);
  await stop();
});

test("2,000 files, each read inside the call that starts it, all arrive", async () => {
  const path = join(tmpdir(), `curlew-fairness-${process.pid}`);
  await writeFile(path, "x".repeat(1000));
  await using agent = new Agent();
  const files = Array.from({ length: 2000 }, () => get(agent, `file://${path}`));
  const bodies = await Promise.all(files).finally(() => rm(path));
  expect(bodies.every((body) => body.length === 1000)).toBe(true);
});
