// However many agents a thread has, the runtime waits once.
import { expect, test } from "vitest";
import { Agent } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { get, inChild, isBun, waitMethods } from "../support.ts";

const server = useServer("http");

interface Seen {
  readonly threads: number;
  readonly epolls: number;
  readonly filesMs: number;
  readonly lookupsMs: number;
  readonly bodies: number;
}

test.each(waitMethods)(
  "a hundred active agents cost one wait by %s, and files and names are still read",
  async (method) => {
    const child = await inChild(
      `import { lookup } from "node:dns/promises";
      import { readFile } from "node:fs/promises";
      const started = threads(), epolls = support.descriptors("eventpoll");
      const agents = Array.from({ length: 100 }, () => new Agent());
      const running = agents.map((agent) => get(agent, "${server.url("/delay/1500")}"));
      await sleep(300);
      const seen = { threads: threads() - started };
      seen.epolls = support.descriptors("eventpoll") - epolls;
      const file = new URL(import.meta.url);
      let from = performance.now();
      await Promise.all(Array.from({ length: 200 }, () => readFile(file)));
      seen.filesMs = performance.now() - from;
      from = performance.now();
      await Promise.all(Array.from({ length: 40 }, () => lookup("localhost")));
      seen.lookupsMs = performance.now() - from;
      seen.bodies = (await Promise.all(running)).filter((body) => body.length === 98).length;
      say(seen);
      await Promise.all(agents.map((agent) => agent.close()));
      mark();`,
      { env: { CURLEW_WAIT: method } },
    );
    expect(child, child.stderr).toMatchObject({ code: 0, timedOut: false });
    const seen = child.said[0] as Seen;
    expect(seen.bodies).toBe(100);
    // one thread sits in poll(2), or none; a Worker of Bun brings some of its runtime's along
    expect(seen.threads).toBeLessThanOrEqual(method === "worker" ? 6 : 2);
    // each agent's, the parent, and the duplicate that Bun watches or its Worker's own
    expect(seen.epolls).toBeLessThanOrEqual(100 + (isBun ? 3 : 1));
    expect(seen.filesMs).toBeLessThan(1000);
    expect(seen.lookupsMs).toBeLessThan(1000);
    expect(child.exitMs).toBeLessThan(5000);
  },
);

test("agents do not disturb each other when one of them ends", async () => {
  await using steady = new Agent();
  const long = get(steady, server.url("/delay/500"));
  for (let i = 0; i < 30; i++) {
    await using agent = new Agent();
    const held = get(agent, server.url("/hold")).catch((error) => error.codeName);
    await get(agent, server.url("/small"));
    await agent.close();
    expect(await held).toBe("CURLE_ABORTED_BY_CALLBACK");
  }
  expect(await long).toContain('"ok":true');
});

test("a thousand agents are served, more than one look at the poller holds", async () => {
  const agents = Array.from({ length: 1000 }, () => new Agent());
  try {
    const bodies = await Promise.all(agents.map((agent) => get(agent, server.url("/delay/100"))));
    expect(new Set(bodies).size).toBe(1);
    expect(bodies[0]).toContain('"ok":true');
  } finally {
    await Promise.all(agents.map((agent) => agent.close()));
  }
});

test("a busy agent does not starve the others of its thread", async () => {
  await using busy = new Agent();
  await using quiet = new Agent();
  let stop = false, served = 0;
  const load = Array.from({ length: 32 }, async () => {
    while (!stop) {
      await get(busy, server.url("/small"));
      served++;
    }
  });
  const times: number[] = [];
  for (let i = 0; i < 20; i++) {
    const started = performance.now();
    await get(quiet, server.url("/small"));
    times.push(performance.now() - started);
  }
  stop = true;
  await Promise.all(load);
  expect(served).toBeGreaterThan(20);
  expect(Math.max(...times)).toBeLessThan(500);
});
