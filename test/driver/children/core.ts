// The checks of an agent for each method of waiting. Prints one line of JSON with the results.
import process from "node:process";
import { Agent } from "../../../mod.ts";
import { waitMethod } from "../../../src/driver/parking/wait_method.ts";
import { CONTINUE, easyFor, failure, get, PAUSE, say, sleep, until } from "../support.ts";

const base = process.argv[2] as string;
const results: Record<string, unknown> = { method: waitMethod() };

async function check(name: string, run: (agent: Agent) => Promise<unknown>): Promise<void> {
  await using agent = new Agent();
  const limit = Promise.withResolvers<string>();
  const timer = setTimeout(() => limit.resolve("still running after 5 s"), 5000);
  results[name] = await Promise.race([run(agent).catch(String), limit.promise]);
  clearTimeout(timer);
}

const small = (agent: Agent) => get(agent, `${base}/small`);

await check("one after the other", async (agent) => {
  let good = 0;
  for (let i = 0; i < 100; i++) if ((await small(agent)).length === 98) good++;
  return good;
});

await check("at once", async (agent) => {
  const bodies = await Promise.all(Array.from({ length: 200 }, () => small(agent)));
  return bodies.filter((body) => body.length === 98).length;
});

await check("slow answers", async (agent) => {
  const started = performance.now();
  const slow = [1000, 600, 800].map((ms) => get(agent, `${base}/delay/${ms}`));
  await Promise.all(slow);
  return performance.now() - started < 2000;
});

await check("a large body", async (agent) => {
  let bytes = 0;
  using easy = easyFor(`${base}/bytes/20000000`, {
    WRITEFUNCTION: (chunk) => (bytes += chunk.length, chunk.length),
  });
  await agent.perform(easy);
  return bytes;
});

await check("abort", async (agent) => {
  using easy = easyFor(`${base}/hold`);
  const controller = new AbortController();
  const running = failure(agent.perform(easy, controller));
  await sleep(50);
  controller.abort("reason");
  return await running;
});

await check("timeout", async (agent) => {
  using easy = easyFor(`${base}/hold`, { TIMEOUT_MS: 150 });
  const started = performance.now();
  const { codeName } = await failure(agent.perform(easy)) as { codeName: string };
  const ms = performance.now() - started;
  return codeName === "CURLE_OPERATION_TIMEDOUT" && ms >= 145 && ms < 350;
});

await check("pause and go on", async (agent) => {
  let calls = 0;
  using easy = easyFor(`${base}/small`, {
    WRITEFUNCTION: (chunk) => calls++ === 0 ? PAUSE : chunk.length,
  });
  const running = agent.perform(easy);
  await until(() => calls > 0);
  await sleep(50);
  easy.pause(CONTINUE);
  await running;
  return calls;
});

await check("close in flight", async (agent) => {
  using easy = easyFor(`${base}/hold`);
  const running = failure(agent.perform(easy));
  await sleep(20);
  await agent.close();
  return (await running as { codeName: string }).codeName;
});

await check("twenty agents", async () => {
  const agents = Array.from({ length: 20 }, () => new Agent());
  await Promise.all(agents.map((agent) => get(agent, `${base}/delay/100`)));
  await Promise.all(agents.map(small));
  await Promise.all(agents.map((agent) => agent.close()));
  return (await Promise.all(agents.map((agent) => failure(small(agent))))).length;
});

await check("rest, then work", async (agent) => {
  await small(agent);
  await sleep(200);
  const body = await small(agent);
  await sleep(100);
  return body.length + (await get(agent, `${base}/delay/50`)).length;
});

await check("few wake-ups", async (agent) => {
  await small(agent);
  await sleep(50);
  const before = agent.stats;
  await get(agent, `${base}/delay/1000`);
  const after = agent.stats;
  return after.turns - before.turns < 20 && after.wakeUps - before.wakeUps < 20;
});

say(results);
