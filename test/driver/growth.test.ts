// What a turn costs does not depend on how many transfers wait.
import process from "node:process";
import { expect, test, vi } from "vitest";
import { libc } from "../../ffi/libc.ts";
import { library, native } from "../../ffi/mod.ts";
import { Agent, type Easy } from "../../mod.ts";
import { LostEventRecovery } from "../../src/driver/quirks/lost_events.ts";
import { useServer } from "../use.ts";
import { easyFor, failure, isBun, type Mutable, sleep, until } from "./support.ts";

const server = useServer("http");

type Call = (this: unknown, ...args: unknown[]) => unknown;
interface Table {
  [name: string]: Call | Table;
}

/** Has each function of a table call `note` too, until the returned function is called. */
function watch(table: Table, note: () => void): () => void {
  const undo = Object.entries(table).map(([name, original]) => {
    if (typeof original !== "function") return watch(original, note);
    table[name] = function (...args) {
      note();
      return original.apply(this, args);
    };
    return () => void (table[name] = original);
  });
  return () => undo.forEach((one) => one());
}

const ITERATORS = [Map, Set].flatMap(({ prototype }) =>
  ["values", "keys", "entries", Symbol.iterator, "forEach"].map((name) => ({ prototype, name }))
);

/** Has each entry of a Map or Set that is gone through call `note` too. */
function watchLoops(note: () => void): () => void {
  const undo = ITERATORS.map(({ prototype, name }) => {
    const table = prototype as unknown as Record<PropertyKey, Call>, original = table[name]!;
    table[name] = function (...args) {
      for (let i = 0; i < (this as Set<unknown>).size; i++) note();
      return original.apply(this, args);
    };
    return () => void (table[name] = original);
  });
  return () => undo.forEach((one) => one());
}

interface Work {
  /** Of C's functions, those of libcurl and of the system. */
  calls: number;
  /** Entries that were gone through. */
  steps: number;
}

async function workOf(run: () => Promise<void>): Promise<Work> {
  const work = { calls: 0, steps: 0 };
  const call = () => void work.calls++, step = () => void work.steps++;
  const tables = [library().symbols, libc] as unknown as Table[];
  const undo = [...tables.map((table) => watch(table, call)), watchLoops(step)];
  await run().finally(() => undo.forEach((one) => one()));
  return work;
}

const REQUESTS = 100;

async function requests(agent: Agent): Promise<void> {
  using easy = easyFor(server.url("/small"));
  for (let i = 0; i < REQUESTS; i++) await agent.perform(easy);
}

/** Transfers that wait for an answer until they are aborted. */
async function waiting(agent: Agent, count: number, signal: AbortSignal): Promise<Promise<void>[]> {
  const all = Array.from({ length: count }, async () => {
    using easy: Easy = easyFor(server.url("/hold"), { TIMEOUT_MS: 60_000 });
    await failure(agent.perform(easy, { signal }));
  });
  await until(() => agent.stats.sockets >= count, 10_000);
  expect(agent.active).toBe(count);
  return all;
}

test("requests beside 400 waiting transfers take the same work", async () => {
  const debug = process.env["CURLEW_DEBUG"];
  process.env["CURLEW_DEBUG"] = "0"; // an agent that checks itself looks at everything
  await using agent = new Agent();
  if (debug !== undefined) process.env["CURLEW_DEBUG"] = debug;
  const controller = new AbortController();
  await requests(agent);
  const alone = await workOf(() => requests(agent));
  const load = await waiting(agent, 400, controller.signal);
  await requests(agent);
  const beside = await workOf(() => requests(agent));
  controller.abort();
  await Promise.all(load);
  const each = ({ calls, steps }: Work) => `${calls / REQUESTS} calls, ${steps / REQUESTS} steps`;
  console.log(`a request: ${each(alone)}; beside 400: ${each(beside)}`);
  // one look at each of them in each turn would be 400 more
  expect((beside.calls - alone.calls) / REQUESTS).toBeLessThan(60);
  expect((beside.steps - alone.steps) / REQUESTS).toBeLessThan(60);
}, 30_000);

test.skipIf(!isBun)(
  "Bun's loop is left where the system would go through many sockets",
  async () => {
    const workers = vi.spyOn(native as Mutable, "watchByWorker");
    const rest = async (agent: Agent, times: number) => {
      using easy = easyFor(server.url("/delay/1"));
      for (let i = 0; i < times; i++) await agent.perform(easy);
    };
    try {
      await using agent = new Agent();
      await rest(agent, 200);
      const controller = new AbortController(), load = await waiting(agent, 600, controller.signal);
      await rest(agent, 20);
      expect(workers).toHaveBeenCalledTimes(0);
      await rest(agent, 200); // of 600 sockets, of which 50,000 are worth a Worker
      expect(workers).toHaveBeenCalledTimes(1);
      controller.abort();
      await Promise.all(load);
      await rest(agent, 20);
      expect(workers).toHaveBeenCalledTimes(1);
    } finally {
      workers.mockRestore();
    }
  },
  30_000,
);

test("a look at all transfers, where libcurl needs it, is seldom beside many", async () => {
  const looks = async (size: number) => {
    let looks = 0, turns = 0;
    const recovery = new LostEventRecovery(() => looks++, () => turns++);
    const transfers = { size, mayLoseEvents: () => true };
    const end = performance.now() + 300;
    while (performance.now() < end) {
      recovery.afterRound(true, transfers);
      recovery.afterRound(false, transfers);
      await sleep(1);
    }
    recovery.end();
    return { looks, turns };
  };
  const few = await looks(10), many = await looks(10_000);
  expect(few.looks).toBeGreaterThan(2);
  // every 200 ms; a busy machine makes the 300 ms longer
  expect(many.looks).toBeLessThan(few.looks);
  expect(many.looks).toBeLessThan(10);
});

test("a look that came too early is repeated", async () => {
  let looks = 0, scheduled = 0;
  const recovery = new LostEventRecovery(() => looks++, () => scheduled++);
  const transfers = { size: 5000, mayLoseEvents: () => true };
  recovery.afterRound(false, transfers);
  recovery.afterRound(true, transfers);
  expect(recovery.afterRound(false, transfers)).toBe(false);
  expect(looks).toBe(1);
  await until(() => scheduled > 0);
  await until(() => recovery.afterRound(false, transfers) || looks > 1);
  recovery.end();
  expect(looks).toBe(2);
});
