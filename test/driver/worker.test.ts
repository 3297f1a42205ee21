// Agents in Workers, beside those of the main thread.
import process from "node:process";
import { expect, test } from "vitest";
import { buildSlowResolver } from "../server/slow_resolver.ts";
import { useServer } from "../use.ts";
import { inChild, waitMethods } from "./support.ts";

const server = useServer("http");

const WORKER = new URL("./children/worker.ts", import.meta.url).href;

/** In the child: starts a Worker; `ask` gives the Worker's next message. */
const SET_UP = `
  const workers: Worker[] = [];
  async function start() {
    const worker = new Worker("${WORKER}", { type: "module" });
    workers.push(worker);
    const next = () => new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => reject(event.error ?? event.message);
    });
    await next();
    const ask = (order: unknown) => {
      const answer = next();
      worker.postMessage(order);
      return answer;
    };
    return { worker, ask };
  }
`;

test.each(waitMethods)("three Workers and the main thread transfer at once, by %s", async (way) => {
  const url = server.url("/delay/100");
  const child = await inChild(
    `${SET_UP}
    const agent = new Agent();
    const all = await Promise.all([start(), start(), start()]);
    const order = { url: "${url}", count: 50, wait: true };
    const own = Promise.all(Array.from({ length: 50 }, () => get(agent, "${url}")));
    say(await Promise.all(all.map(({ ask }) => ask(order))));
    say((await own).length);
    for (const { worker } of all) worker.terminate();
    await get(agent, "${url}");
    mark();`,
    { env: { CURLEW_WAIT: way } },
  );
  expect(child, child.stderr).toMatchObject({ code: 0, timedOut: false });
  expect(child.said).toEqual([[50, 50, 50], 50]);
  expect(child.exitMs).toBeLessThan(5000);
});

test.each(waitMethods)("a Worker may be ended with transfers in flight, by %s", async (way) => {
  const child = await inChild(
    `${SET_UP}
    const agent = new Agent();
    for (let i = 0; i < 5; i++) {
      const { worker, ask } = await start();
      await ask({ url: "${server.url("/hold")}", count: 20, wait: false });
      worker.terminate();
      for (let j = 0; j < 20; j++) await get(agent, "${server.url("/small")}");
    }
    const { worker, ask } = await start();
    say(await ask({ url: "${server.url("/small")}", count: 20, wait: true }));
    worker.terminate();
    await agent.close();
    mark();`,
    { env: { CURLEW_WAIT: way } },
  );
  expect(child, child.stderr).toMatchObject({ code: 0, timedOut: false, said: [20] });
  expect(child.exitMs).toBeLessThan(5000);
});

test.each(waitMethods)("a Worker may be ended in the middle of a download, by %s", async (way) => {
  const child = await inChild(
    `${SET_UP}
    for (let i = 0; i < 5; i++) {
      const { worker, ask } = await start();
      await ask({ url: "${server.url("/bytes/10000000000")}", count: 4, wait: false });
      worker.terminate();
      await sleep(20);
    }
    const agent = new Agent();
    say((await get(agent, "${server.url("/small")}")).length);
    mark();`,
    { env: { CURLEW_WAIT: way }, timeoutMs: 30_000 },
  );
  expect(child, child.stderr).toMatchObject({ code: 0, timedOut: false, said: [98] });
  expect(child.exitMs).toBeLessThan(5000);
}, 40_000);

test("a Worker that alone has libcurl may be ended in the middle of lookups", async ({ skip }) => {
  const preload = await buildSlowResolver();
  if (!preload) return skip("no C compiler, or not Linux");
  const child = await inChild(
    `${SET_UP}
    const { worker, ask } = await start();
    await ask({ url: "http://1000.slow.test:${server.http}/small", count: 4, wait: false });
    worker.terminate();
    await sleep(1500); // the lookups' threads come back to libcurl's code
    say("alive");`,
    { env: { LD_PRELOAD: preload } },
  );
  expect(child, child.stderr).toMatchObject({ code: 0, signal: null, said: ["alive"] });
});

test("a process may end in the middle of lookups", async ({ skip }) => {
  const preload = await buildSlowResolver();
  if (!preload) return skip("no C compiler, or not Linux");
  // they come back while the runtime puts itself away
  const lookups = Array.from({ length: 40 }, (_, i) => 20 + i).map((ms) => `${ms}.slow.test`);
  const ends = Array.from({ length: 4 }, () =>
    inChild(
      `const agent = new Agent();
      for (const name of ${JSON.stringify(lookups)}) {
        agent.perform(easyFor("http://" + name + ":${server.http}/small")).catch(() => {});
      }
      await sleep(20);
      process.exit(7);`,
      { env: { LD_PRELOAD: preload } },
    ));
  for (const end of await Promise.all(ends)) {
    expect(end, end.stderr).toMatchObject({ code: 7, signal: null });
  }
});

/** In the child: the number of sockets and pollers of the process. */
const COUNT = `
  import { readdirSync, readlinkSync } from "node:fs";
  const open = () => readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return /^(socket|anon_inode)/.test(readlinkSync("/proc/self/fd/" + fd));
    } catch {
      return false;
    }
  }).length;
`;

const SHORT_WORKER = new URL("./children/short_worker.ts", import.meta.url).href;
const isBun = "Bun" in globalThis;

test.skipIf(process.platform !== "linux")(
  "Workers that close their agent leave no connection; on Bun also those that just end",
  async () => {
    for (const own of isBun ? [true, false] : [true]) {
      const order = JSON.stringify({ url: server.url("/small"), own });
      const child = await inChild(`${COUNT}
        async function one() {
          const worker = new Worker("${SHORT_WORKER}", { type: "module" });
          await new Promise((resolve) => worker.onmessage = resolve);
          worker.postMessage(${order});
          await new Promise((resolve) => worker.onmessage = resolve);
          await sleep(100);
        }
        await one();
        const before = open();
        for (let i = 0; i < 10; i++) await one();
        say(open() - before);
        mark();`);
      expect(child, child.stderr).toMatchObject({ code: 0, timedOut: false });
      // Deno itself leaves a poller and an eventfd for each Worker that has made a callback
      expect(child.said[0]).toBeLessThanOrEqual(isBun ? 3 : 23);
    }
  },
);
