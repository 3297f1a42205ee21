// CONNECT_ONLY that was set after the transfer it is of: libcurl closes the handle's last
// connection when it is taken out, also where that is another's by then, which crashed.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, Easy, Multi } from "../../mod.ts";
import { startServer, type TestServer } from "../server/start.ts";
import { Transfer } from "./multi_support.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer("http");
});
afterAll(() => server.close());

const SIZE = 8_000_000;

/** Runs the transfers of a multi until that is true. */
function runUntil(multi: Multi, isEnough: () => boolean): void {
  const end = performance.now() + 5000;
  while (!isEnough()) {
    if (performance.now() > end) throw new Error("It takes too long");
    multi.perform();
    multi.poll([], 20);
  }
}

/** One transfer is over, and another goes on with its connection. */
function oneAfterTheOther(multi: Multi): [first: Transfer, second: Transfer] {
  const first = new Transfer(server.url("/small"));
  const second = new Transfer(server.url(`/bytes/${SIZE}`));
  multi.addHandle(first);
  runUntil(multi, () => multi.infoRead() !== null);
  multi.addHandle(second);
  runUntil(multi, () => second.received > 0);
  expect(second.getInfo("NUM_CONNECTS")).toBe(0);
  return [first, second];
}

test("a handle that is taken out leaves the connection to the transfer that has it", () => {
  using multi = new Multi();
  const [first, second] = oneAfterTheOther(multi);
  first.setOpt("CONNECT_ONLY", 1);
  multi.removeHandle(first);
  runUntil(multi, () => second.received === SIZE);
  first.close();
  second.close();
});

test("so it does when all are taken out at once", () => {
  for (let round = 0; round < 20; round++) {
    const multi = new Multi();
    const [first, second] = oneAfterTheOther(multi);
    first.setOpt("CONNECT_ONLY", 2);
    multi.close();
    first.close();
    second.close();
  }
});

test("the option is still set afterwards", async () => {
  using multi = new Multi();
  const [first, second] = oneAfterTheOther(multi);
  first.setOpt("CONNECT_ONLY", 1);
  multi.removeHandle(first);
  second.close();
  await using agent = new Agent();
  const { received } = first;
  await agent.perform(first); // connects only
  expect(first.getInfo("ACTIVESOCKET")).toBeGreaterThan(0);
  expect(first.received).toBe(received);
  first.close();
});

test("an agent keeps no handle whose CONNECT_ONLY came too late", async () => {
  await using agent = new Agent();
  using easy = new Easy();
  easy.setOpts({ URL: server.url("/delay/50"), TIMEOUT_MS: 5000, NOPROXY: "*" });
  easy.setOpt("WRITEFUNCTION", (bytes) => {
    easy.setOpt("CONNECT_ONLY", 1);
    return bytes.length;
  });
  await agent.perform(easy);
  easy.setOpt("CONNECT_ONLY", 0);
  await agent.perform(easy);
});

test("without the option by then, its connection still goes with the handle", async () => {
  await using agent = new Agent({ maxConnections: 1 });
  for (let round = 0; round < 3; round++) {
    using easy = new Easy();
    easy.setOpts({ URL: server.url("/small"), TIMEOUT_MS: 2000, NOPROXY: "*", CONNECT_ONLY: 1 });
    await agent.perform(easy);
    easy.setOpt("CONNECT_ONLY", 0);
  }
  using last = new Transfer(server.url("/small"));
  await agent.perform(last); // there is room for it
  expect(last.received).toBe(98);
});
