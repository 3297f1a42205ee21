// libcurl's timers, kept by the runtime's: how exactly.
import { setImmediate } from "node:timers";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Agent, type EasyOptions } from "../../../mod.ts";
import { stateOf } from "../../../src/handles/easy/easy.ts";
import { ActiveTransfers } from "../../../src/driver/transfers.ts";
import { QueuedTimeouts } from "../../../src/driver/timing/queued_timeouts.ts";
import { useServer } from "../../use.ts";
import { libcurl } from "../../versions.ts";
import { easyFor, failure, get, sleep } from "../support.ts";

/** A machine that is busy with other things is given another chance. */
const AGAIN = { retry: 2 };

const server = useServer("http");
let agent: Agent;
beforeAll(async () => {
  await using first = new Agent(); // loads the library
  await get(first, server.url("/small"));
});
beforeEach(() => {
  agent = new Agent();
});
afterEach(() => agent.close());

/** When a transfer without an answer fails, and with which code. */
async function failsAfter(options: EasyOptions, path = "/hold"): Promise<[number, number]> {
  using easy = easyFor(server.url(path), options);
  const started = performance.now();
  const { code } = await failure(agent.perform(easy)) as { code: number };
  return [performance.now() - started, code];
}

const TIMEDOUT = 28;

test("TIMEOUT_MS is kept within 50 ms", AGAIN, async () => {
  // libcurl before 8.4 forgets a timeout that has less than 1 ms left when its socket has an event
  // (curl#11937): one of 1 ms would end at the next timer, 200 ms later
  const times = [10, 20, 50, 100, 250, 500, 999];
  const results = await Promise.all(times.map((TIMEOUT_MS) => failsAfter({ TIMEOUT_MS })));
  for (const [i, [ms, code]] of results.entries()) {
    expect(code).toBe(TIMEDOUT);
    expect(ms - times[i]!).toBeGreaterThan(-2);
    expect(ms - times[i]!).toBeLessThan(50);
  }
});

test("a hundred different timeouts are each kept", AGAIN, async () => {
  const times = Array.from({ length: 100 }, (_, i) => 100 + (i * 37) % 500);
  const results = await Promise.all(times.map((TIMEOUT_MS) => failsAfter({ TIMEOUT_MS })));
  const errors = results.map(([ms], i) => ms - times[i]!);
  console.log(`a hundred timeouts: at most ${Math.max(...errors).toFixed(1)} ms late`);
  expect(Math.min(...errors)).toBeGreaterThan(-2);
  expect(Math.max(...errors)).toBeLessThan(100);
});

test("LOW_SPEED_TIME ends a transfer that trickles", async () => {
  const options = { LOW_SPEED_LIMIT: 1000, LOW_SPEED_TIME: 1, TIMEOUT_MS: 9000 };
  const [ms, code] = await failsAfter(options, "/slow/1000/50");
  expect(code).toBe(TIMEDOUT);
  expect(ms).toBeGreaterThan(900);
  expect(ms).toBeLessThan(3500);
});

test("SERVER_RESPONSE_TIMEOUT and CONNECTTIMEOUT_MS do not end a slow but complete answer", async () => {
  const options = { CONNECTTIMEOUT_MS: 100, TIMEOUT_MS: 5000 };
  expect(await get(agent, server.url("/delay/400"), options)).toContain('"ok":true');
});

test("MAX_RECV_SPEED_LARGE slows a download down, without a busy loop", async () => {
  let bytes = 0;
  using easy = easyFor(server.url("/bytes/8000000"), {
    MAX_RECV_SPEED_LARGE: 4_000_000,
    WRITEFUNCTION: (chunk) => (bytes += chunk.length, chunk.length),
  });
  const { turns } = agent.stats, started = performance.now();
  const running = agent.perform(easy);
  await sleep(100);
  // before 8.13 libcurl reads a hundred buffers before it looks: 1.6 MB of its own 16 KiB
  const most = 2_000_000 + 4000 * (performance.now() - started);
  if (libcurl.limitsEvenly.holds) expect(bytes).toBeLessThan(most);
  await running;
  expect(bytes).toBe(8_000_000);
  expect(performance.now() - started).toBeGreaterThan(800);
  expect(agent.stats.turns - turns).toBeLessThan(1000);
});

test("a timeout that is changed between two transfers of a handle counts", AGAIN, async () => {
  using easy = easyFor(server.url("/hold"));
  for (const TIMEOUT_MS of [200, 50, 100]) {
    easy.setOpt("TIMEOUT_MS", TIMEOUT_MS);
    const started = performance.now();
    await failure(agent.perform(easy));
    expect(performance.now() - started - TIMEOUT_MS).toBeLessThan(50);
  }
});

test("one that is late already when it is first looked at is not forgotten", () => {
  const transfers = new ActiveTransfers(), timeouts = new QueuedTimeouts(transfers, () => {});
  using easy = easyFor(server.url("/hold"), { TIMEOUT_MS: 10 });
  const transfer = transfers.add(stateOf(easy), { resolve() {}, reject() {} });
  Object.assign(transfer, { started: performance.now() - 1000 }); // the machine slept
  timeouts.watch(transfer);
  expect(timeouts.late()).toEqual([transfer]);
  timeouts.end();
});

test("a deadline is kept while other transfers run flat out", async () => {
  const controller = new AbortController();
  const load = Array.from({ length: 16 }, async () => {
    using easy = easyFor(server.url("/bytes/1000000000000"), { TIMEOUT_MS: 0 });
    await failure(agent.perform(easy, controller));
  });
  const [ms, code] = await failsAfter({ TIMEOUT_MS: 300 });
  controller.abort();
  await Promise.all(load);
  expect(code).toBe(TIMEDOUT);
  expect(ms - 300).toBeLessThan(500); // a call for one socket goes on with all sixteen
});

test("the application's setImmediate and promises run between two slices", async () => {
  const controller = new AbortController();
  using easy = easyFor(server.url("/bytes/1000000000000"), { TIMEOUT_MS: 0 });
  const running = failure(agent.perform(easy, controller));
  await sleep(100);
  let immediates = 0, stop = false;
  const next = () => {
    immediates++;
    if (!stop) setImmediate(next);
  };
  next();
  await sleep(300);
  stop = true;
  controller.abort();
  await running;
  expect(immediates).toBeGreaterThan(20);
});
