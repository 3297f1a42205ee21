// Waiting costs nothing: no busy loop with few transfers, with many, or with none.
import { describe, expect, test } from "vitest";
import { Agent } from "../../../mod.ts";
import { startServer } from "../../server/start.ts";
import { useServer } from "../../use.ts";
import { easyFor, get, inChild, isFull, sleep, waitMethods } from "../support.ts";

const server = useServer("http", "https");

test("2,000 transfers to a server that answers after a second finish without an error", async () => {
  await using agent = new Agent();
  const url = server.url("/delay/1000");
  const easies = Array.from({ length: 2000 }, () => easyFor(url, { TIMEOUT_MS: 18_000 }));
  const before = agent.stats, started = performance.now();
  await Promise.all(easies.map((easy) => agent.perform(easy)));
  const ms = performance.now() - started, after = agent.stats;
  console.log(`2,000 transfers: ${ms.toFixed(0)} ms, ${after.turns - before.turns} turns`);
  expect(new Set(easies.map((easy) => easy.getInfo("RESPONSE_CODE")))).toEqual(new Set([200]));
  expect(after.turns - before.turns).toBeLessThan(2000);
  expect(after.wakeUps - before.wakeUps).toBeLessThan(2000);
  expect(ms).toBeLessThan(18_000);
  for (const easy of easies) easy.close();
});

interface Idle {
  /** How often a thread of the process went to sleep, which it does after each wake-up. */
  readonly sleeps: number;
  readonly cpu: number;
  readonly turns: number;
  readonly wakeUps: number;
}

/** What a process does in five seconds, after some time to come to rest. */
function idle(setUp: string, env = {}): Promise<Idle> {
  const source = `
    let agent: Agent | undefined;
    ${setUp}
    globalThis.Bun?.gc(true);
    const figures = () => ({
      sleeps: support.sleeps(), cpu: cpuMs(),
      turns: agent?.stats.turns ?? 0, wakeUps: agent?.stats.wakeUps ?? 0,
    });
    figures(); // the first call reads and compiles code
    setTimeout(() => {
      const before = figures();
      setTimeout(() => {
        const after = figures();
        say(Object.fromEntries(Object.entries(after).map(([name, n]) => [name, n - before[name]])));
        process.exit(0);
      }, 5000);
    }, 2000);`;
  // what is measured is what a user gets
  return inChild(source, { env: { CURLEW_DEBUG: "0", ...env } }).then(({ said, stderr }) => {
    if (said.length === 0) throw new Error(stderr);
    return said.at(-1) as Idle;
  });
}

/**
 * What an idle agent may do in five seconds beyond the bare runtime. On a virtual machine whose host
 * is busy, a runtime that sleeps five seconds was seen to be charged 100 ms of CPU for 10 wake-ups:
 * so the wake-ups have the narrow limit.
 */
const SLEEPS = 100, CPU_MS = 250;

async function expectRest(name: string, env: Record<string, string>, setUp: string) {
  const [floor, own] = await Promise.all([idle(""), idle(setUp, env)]);
  console.log(`${name}: ${JSON.stringify(own)}, the bare runtime ${JSON.stringify(floor)}`);
  expect(own.sleeps - floor.sleeps).toBeLessThan(SLEEPS);
  expect(own.cpu - floor.cpu).toBeLessThan(CPU_MS);
  expect(own.turns).toBeLessThan(5);
  expect(own.wakeUps).toBeLessThan(20);
}

const held = (count: number) => `
  agent = new Agent();
  const options = { TIMEOUT_MS: 0 };
  const hold = () => agent.perform(easyFor("${server.url("/hold")}", options));
  for (let i = 0; i < ${count}; i++) hold();
  await until(() => agent.stats.sockets === ${count});`;

const paused = () => `
  agent = new Agent();
  await Promise.all(Array.from({ length: 200 }, () => get(agent, "${server.url("/small")}")));
  const stop = { WRITEFUNCTION: () => support.PAUSE, TIMEOUT_MS: 0 };
  for (let i = 0; i < 50; i++) agent.perform(easyFor("${server.url("/bytes/1000000")}", stop));
  await sleep(300);`;

describe.concurrent.each(waitMethods)("waiting by %s", (method) => {
  const env = { CURLEW_WAIT: method };

  test.concurrent("1,000 idle transfers wake no thread", async () => {
    await expectRest(`1,000 idle transfers by ${method}`, env, held(1000));
  });

  test.concurrent("an idle agent with connections and paused transfers wakes no thread", async () => {
    await expectRest(`an idle agent by ${method}`, env, paused());
  });
});

test("kept connections that the server closes cost a turn, not a loop", async () => {
  const own = await startServer("http");
  await using agent = new Agent();
  await Promise.all(Array.from({ length: 100 }, () => get(agent, own.url("/delay/100"))));
  await using watching = new Agent(); // keeps the thread waiting, so that the ends are heard of
  const held = get(watching, server.url("/delay/1500"));
  await own.close();
  await sleep(300);
  const before = agent.stats;
  await sleep(700);
  expect(agent.stats.turns - before.turns).toBeLessThan(5);
  expect(agent.stats.wakeUps - before.wakeUps).toBeLessThan(20);
  await held;
  expect(await get(agent, server.url("/small"))).toContain('"ok":true');
});

test("the sockets of finished TLS transfers cost no turns", async () => {
  await using agent = new Agent();
  const trusting = { SSL_VERIFYPEER: 0, SSL_VERIFYHOST: 0 };
  await Promise.all(
    Array.from({ length: 10 }, (_, i) => {
      const options = { ...trusting, FORBID_REUSE: i % 2 };
      return get(agent, server.url("/small", "https"), options);
    }),
  );
  await sleep(100);
  const { turns } = agent.stats;
  await sleep(isFull ? 3000 : 500);
  expect(agent.stats.turns - turns).toBeLessThan(10);
});
