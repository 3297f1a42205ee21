// What some versions of libcurl do in an event loop.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, Easy } from "../../mod.ts";
import { quirksOf } from "../../src/driver/quirks.ts";
import { startServer, type TestServer } from "../server/start.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer("ftp");
});
afterAll(() => server.close());

test("FTP transfers one after the other are not forgotten", async () => {
  await using agent = new Agent();
  using easy = new Easy();
  let bytes = 0;
  easy.setOpts({
    URL: server.url("/big.bin", "ftp"),
    TIMEOUT_MS: 5000,
    WRITEFUNCTION: (data) => (bytes += data.length, data.length),
  });
  const times: number[] = [];
  for (let i = 0; i < 40; i++) {
    const start = performance.now();
    await agent.perform(easy);
    times.push(performance.now() - start);
  }
  expect(bytes).toBe(40 * 1024 * 1024);
  // a forgotten one waits for its timeout
  expect(Math.max(...times)).toBeLessThan(4000);
});

test("many FTP transfers at once are not forgotten", async () => {
  await using agent = new Agent();
  const results = await Promise.all(Array.from({ length: 20 }, async () => {
    using easy = new Easy();
    let bytes = 0;
    easy.setOpts({
      URL: server.url("/big.bin", "ftp"),
      TIMEOUT_MS: 15_000,
      WRITEFUNCTION: (data) => (bytes += data.length, data.length),
    });
    await agent.perform(easy);
    return bytes;
  }));
  expect(results).toEqual(new Array(20).fill(1024 * 1024));
});

test("the quirks of a version are those of the table", () => {
  expect(quirksOf(0x075801)).toEqual({ losesFtp: true, forgetsTimer: false });
  expect(quirksOf(0x080a01)).toEqual({ losesFtp: true, forgetsTimer: true });
  expect(quirksOf(0x080b01)).toEqual({ losesFtp: true, forgetsTimer: false });
  expect(quirksOf(0x080e01)).toEqual({ losesFtp: false, forgetsTimer: false });
});
