// Transfers that are started inside a callback of their own agent begin when libcurl has returned.
import { describe, expect, test } from "vitest";
import { Agent, Easy, type EasyOptions, fetch, upload } from "../../mod.ts";
import { useServer } from "../use.ts";
import { CONTINUE, easyFor, failure, get, PAUSE, sleep, until } from "./support.ts";

const server = useServer("http");

/** The options of a transfer whose callbacks of each kind call `act`. */
const kinds: Record<string, (act: () => void) => EasyOptions> = {
  WRITEFUNCTION: (act) => ({ WRITEFUNCTION: (bytes) => (act(), bytes.length) }),
  HEADERFUNCTION: (act) => ({ HEADERFUNCTION: (bytes) => (act(), bytes.length) }),
  READFUNCTION: (act) => ({ UPLOAD: 1, READFUNCTION: () => (act(), 0) }),
  XFERINFOFUNCTION: (act) => ({ NOPROGRESS: 0, XFERINFOFUNCTION: act }),
  DEBUGFUNCTION: (act) => ({ VERBOSE: 1, DEBUGFUNCTION: () => (act(), 0) }),
  SOCKOPTFUNCTION: (act) => ({ FRESH_CONNECT: 1, SOCKOPTFUNCTION: () => (act(), 0) }),
  CLOSESOCKETFUNCTION: (act) => ({
    FRESH_CONNECT: 1,
    FORBID_REUSE: 1,
    CLOSESOCKETFUNCTION: () => (act(), 0),
  }),
};

describe.each(Object.keys(kinds))("inside %s", (kind) => {
  test("a transfer of each call begins afterwards, and comes to its end", async () => {
    await using agent = new Agent();
    using inner = easyFor(server.url("/small"));
    const started: Promise<unknown>[] = [];
    let active = -1;
    const act = () => {
      if (started.length > 0) return;
      const before = agent.active;
      started.push(
        agent.perform(inner).then(() => inner.getInfo("RESPONSE_CODE")),
        fetch(server.url("/small"), { agent }).then((response) => response.json()),
        upload(new Uint8Array(10), server.url("/sink"), { agent }).then(({ bytes }) => bytes),
      );
      active = agent.active - before;
    };
    const outer = easyFor(server.url("/small"), kinds[kind]!(act));
    await agent.perform(outer);
    outer.close();
    await until(() => started.length > 0);
    expect(await Promise.all(started)).toMatchObject([200, { ok: true }, 10]);
    expect(active).toBeGreaterThan(0); // the waiting ones count
    expect(agent.active).toBe(0);
  });
});

test("inside onProgress of fetch", async () => {
  await using agent = new Agent();
  let inner: Promise<unknown> | undefined;
  const response = await fetch(server.url("/bytes/1000000"), {
    agent,
    onProgress: () => void (inner ??= fetch(server.url("/small"), { agent }).then((r) => r.json())),
  });
  expect((await response.arrayBuffer()).byteLength).toBe(1_000_000);
  expect(await inner).toMatchObject({ ok: true });
});

test("inside a callback that runs outside of a turn, as of pause()", async () => {
  await using agent = new Agent();
  using inner = easyFor(server.url("/small"));
  let calls = 0, started: Promise<Easy> | undefined;
  using outer = easyFor(server.url("/bytes/1000000"), {
    WRITEFUNCTION: (bytes) => {
      if (calls++ === 0) return PAUSE;
      started ??= agent.perform(inner);
      return bytes.length;
    },
  });
  const running = agent.perform(outer);
  await until(() => calls > 0);
  outer.pause(CONTINUE);
  expect(started).toBeDefined();
  expect(await started).toBe(inner);
  await running;
});

/** Runs `act` inside a callback of a transfer of the agent. */
async function inCallback(agent: Agent, act: () => void): Promise<void> {
  let done = false;
  await get(agent, server.url("/small"), {
    WRITEFUNCTION: (bytes) => {
      if (!done) act();
      done = true;
      return bytes.length;
    },
  });
  expect(done).toBe(true);
}

test("what cannot begin rejects, and the others go on", async () => {
  await using agent = new Agent();
  using easy = easyFor(server.url("/small"));
  const closed = easyFor(server.url("/small"));
  const later = easyFor(server.url("/small"));
  const busy = easyFor(server.url("/delay/100"));
  const first = agent.perform(busy);
  const controller = new AbortController();
  const results: Promise<unknown>[] = [];
  closed.close();
  await inCallback(agent, () => {
    results.push(
      failure(agent.perform(closed)),
      failure(agent.perform(busy)),
      failure(agent.perform(later)),
      agent.perform(easy),
      failure(agent.perform(easy)),
    );
    using aborted = easyFor(server.url("/small"));
    results.push(failure(agent.perform(aborted, { signal: controller.signal })));
    later.close();
    controller.abort("enough");
  });
  expect(await Promise.all(results)).toMatchObject([
    { codeName: "CURLM_BAD_EASY_HANDLE" },
    { codeName: "CURLM_ADDED_ALREADY" },
    { codeName: "CURLM_BAD_EASY_HANDLE" },
    {},
    { codeName: "CURLM_ADDED_ALREADY" },
    "enough",
  ]);
  expect(await results[3]).toBe(easy);
  await first;
  busy.close();
});

test("a handle that starts itself inside its own callback is refused", async () => {
  await using agent = new Agent();
  let refused: Promise<unknown> | undefined;
  const easy = new Easy();
  easy.setOpts({
    URL: server.url("/small"),
    WRITEFUNCTION: (bytes) => (refused ??= failure(agent.perform(easy)), bytes.length),
  });
  await agent.perform(easy);
  expect(await refused).toMatchObject({ codeName: "CURLM_ADDED_ALREADY" });
  easy.close();
});

test("an agent that is closed meanwhile rejects them", async () => {
  const agent = new Agent();
  using inner = easyFor(server.url("/small"));
  let refused: Promise<unknown> | undefined, closing: Promise<void> | undefined;
  const outer = inCallback(agent, () => {
    refused = failure(agent.perform(inner));
    closing = agent.close();
  });
  await Promise.allSettled([outer]); // it may have come to its end in the same turn
  await closing;
  expect(await refused).toMatchObject({ codeName: "CURLE_ABORTED_BY_CALLBACK" });
});

test("a chain of starts, each inside a callback of the one before", async () => {
  await using agent = new Agent();
  let depth = 0;
  const ends: Promise<unknown>[] = [];
  const start = () => {
    if (++depth > 50) return;
    let done = false;
    const easy = easyFor(server.url("/small"), {
      HEADERFUNCTION: (bytes) => {
        if (!done) start();
        done = true;
        return bytes.length;
      },
    });
    ends.push(agent.perform(easy).finally(() => easy.close()));
  };
  start();
  await until(() => depth > 50);
  await sleep(0);
  await Promise.all(ends);
  expect([ends.length, agent.active]).toEqual([50, 0]);
});
