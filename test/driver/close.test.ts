// The end of an agent: what is in flight is told, what comes later is refused, nothing is left.
import { expect, test } from "vitest";
import { Agent, Easy } from "../../mod.ts";
import { useServer } from "../use.ts";
import { counters, descriptors, easyFor, failure, get, inChild, until } from "./support.ts";

const server = useServer("http");

const ABORTED = { codeName: "CURLE_ABORTED_BY_CALLBACK" };

test("close rejects what is in flight, and its handles are free again", async () => {
  const agent = new Agent();
  const easies = Array.from({ length: 20 }, () => easyFor(server.url("/hold")));
  const running = easies.map((easy) => failure(agent.perform(easy)));
  await until(() => agent.stats.sockets > 0);
  await agent.close();
  for (const error of await Promise.all(running)) expect(error).toMatchObject(ABORTED);
  expect(agent.active).toBe(0);
  await using other = new Agent();
  for (const easy of easies) {
    easy.setOpt("URL", server.url("/small"));
    await other.perform(easy);
    easy.close();
  }
});

test("a perform after close rejects, and does not touch the handle", async () => {
  const agent = new Agent();
  await agent.close();
  using easy = easyFor(server.url("/small"));
  expect(await failure(agent.perform(easy))).toMatchObject(ABORTED);
  easy.perform();
  expect(easy.getInfo("RESPONSE_CODE")).toBe(200);
});

test("close may be called again, and gives the same promise", async () => {
  const agent = new Agent();
  const closing = agent.close();
  expect(agent.close()).toBe(closing);
  await closing;
  await agent.close();
});

test("a perform in the turn of close is refused as well", async () => {
  const agent = new Agent();
  using easy = easyFor(server.url("/small"));
  const closing = agent.close();
  expect(await failure(agent.perform(easy))).toMatchObject(ABORTED);
  await closing;
});

test("await using closes the agent", async () => {
  let kept: Agent, running: Promise<unknown>;
  using easy = easyFor(server.url("/hold"));
  {
    await using agent = kept = new Agent();
    running = failure(agent.perform(easy));
  }
  expect(await running).toMatchObject(ABORTED);
  expect(await failure(kept.perform(easy))).toMatchObject(ABORTED);
});

test("close inside a callback waits for its end", async () => {
  const agent = new Agent();
  using held = easyFor(server.url("/hold"));
  const holding = failure(agent.perform(held));
  let closing: Promise<void> | undefined, bytes = 0;
  using easy = easyFor(server.url("/slow/100/10"), {
    WRITEFUNCTION: (chunk) => {
      closing ??= agent.close();
      bytes += chunk.length;
      return chunk.length;
    },
  });
  expect(await failure(agent.perform(easy))).toMatchObject(ABORTED);
  expect(await holding).toMatchObject(ABORTED);
  await closing;
  expect(bytes).toBeLessThan(100);
});

test("close inside a CLOSESOCKETFUNCTION waits for its end", async () => {
  const agent = new Agent();
  using held = easyFor(server.url("/hold"));
  const holding = failure(agent.perform(held));
  let closing: Promise<void> | undefined;
  using easy = easyFor(server.url("/small"), {
    FORBID_REUSE: 1,
    CLOSESOCKETFUNCTION: () => void (closing ??= agent.close()),
  });
  await agent.perform(easy);
  expect(await holding).toMatchObject(ABORTED);
  await closing;
});

test("close where the last transfer settles is in order", async () => {
  const agent = new Agent();
  using easy = easyFor(server.url("/small"));
  await agent.perform(easy).then(() => agent.close());
  expect(await failure(agent.perform(easy))).toMatchObject(ABORTED);
});

test("an agent may be closed without ever having had a transfer", async () => {
  for (let i = 0; i < 20; i++) await new Agent().close();
});

test("closing a handle after its agent is in order, and the other way round", async () => {
  const agent = new Agent();
  const first = easyFor(server.url("/small")), second = easyFor(server.url("/small"));
  await Promise.all([agent.perform(first), agent.perform(second)]);
  first.close();
  await agent.close();
  second.perform();
  second.close();
});

/** Everything that could be left behind. */
function count(): Record<string, number> {
  return { ...counters(), epolls: descriptors("eventpoll") };
}

/** Less is in order: a wait of an earlier test may have been on its way back. */
function expectNoMore(before: Record<string, number>): void {
  for (const [name, after] of Object.entries(count())) {
    expect(after, name).toBeLessThanOrEqual(before[name] as number);
  }
}

test("an option that libcurl refuses leaves nothing of the agent", () => {
  const before = count();
  for (let i = 0; i < 5; i++) {
    expect(() => new Agent({ maxConnections: 1.5 })).toThrow("MAX_TOTAL_CONNECTIONS");
  }
  expectNoMore(before);
});

test("500 agents one after the other leave no descriptor and no counter", async () => {
  await using kept = new Agent(); // the thread's parking stays
  await get(kept, server.url("/small"));
  const before = count(), all = descriptors();
  for (let i = 0; i < 500; i++) {
    await using agent = new Agent();
    if (i % 5 === 0) await get(agent, server.url("/small"));
  }
  expectNoMore(before);
  expect(descriptors() - all).toBeLessThan(10); // of 500; the runtime opens some of its own
});

test("agents that are closed in flight leave no thread and no descriptor behind", async () => {
  // the only agent of its thread each time: parking begins and ends with it
  const child = await inChild(
    `for (let i = 0; i < 3; i++) await cycle();
    await sleep(300);
    const before = [threads(), support.descriptors()];
    for (let i = 0; i < 60; i++) await cycle();
    await until(() => support.descriptors() <= before[1] + 2, 2000);
    say([threads() - before[0], support.descriptors() - before[1]]);
    mark();
    async function cycle() {
      const agent = new Agent();
      const easy = easyFor("${server.url("/hold")}");
      const running = failure(agent.perform(easy));
      await sleep(5);
      await agent.close();
      await running;
      easy.close();
    }`,
  );
  expect(child, child.stderr).toMatchObject({ code: 0, timedOut: false });
  const [threads, descriptors] = child.said[0] as [number, number];
  expect(threads).toBeLessThan(6); // of 60; the runtime itself may take a few
  expect(descriptors).toBeLessThan(6);
  expect(child.exitMs).toBeLessThan(5000);
});

test("a handle that was never performed may be given to a new agent each time", async () => {
  using easy = new Easy();
  easy.setOpts({ URL: server.url("/small"), WRITEFUNCTION: (bytes) => bytes.length });
  for (let i = 0; i < 20; i++) {
    await using agent = new Agent();
    await agent.perform(easy);
  }
});
