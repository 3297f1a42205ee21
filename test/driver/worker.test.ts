// Agents in Workers, beside those of the main thread.
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server/start.ts";
import { inChild, waitMethods } from "./support.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer("http");
});
afterAll(() => server.close());

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
    // twenty endless downloads on a busy machine: 2 to 4 s on a calm one
    { env: { CURLEW_WAIT: way }, timeoutMs: 40_000 },
  );
  expect(child, child.stderr).toMatchObject({ code: 0, timedOut: false, said: [98] });
  expect(child.exitMs).toBeLessThan(5000);
}, 50_000);
