// A transfer that waits for the application, and goes on when that says so.
import { afterEach, beforeEach, expect, test } from "vitest";
import { Agent, constants } from "../../mod.ts";
import { useServer } from "../use.ts";
import { CONTINUE, easyFor, failure, get, PAUSE, sleep, until } from "./support.ts";
import { libcurl } from "../versions.ts";

const server = useServer("http");
let agent: Agent;
beforeEach(() => {
  agent = new Agent();
});
afterEach(() => agent.close());

/** A transfer that pauses before its first byte, and what has come of it. */
function pausing(path: string, pauses = 1) {
  let left = pauses;
  const state = { calls: 0, bytes: 0 };
  const easy = easyFor(server.url(path), {
    WRITEFUNCTION: (chunk) => {
      state.calls++;
      if (left-- > 0) return PAUSE;
      state.bytes += chunk.length;
      return chunk.length;
    },
  });
  return { easy, state };
}

test("a transfer paused by its WRITEFUNCTION resumes by pause(), with every byte", async () => {
  const { easy, state } = pausing("/bytes/1000000");
  const running = agent.perform(easy);
  await until(() => state.calls > 0);
  await sleep(150);
  expect(state).toEqual({ calls: 1, bytes: 0 });
  expect(agent.active).toBe(1);
  easy.pause(CONTINUE);
  await running;
  expect(state.bytes).toBe(1_000_000);
  easy.close();
});

test("it may be paused again and again", async () => {
  const { easy, state } = pausing("/bytes/300000", 10);
  const running = agent.perform(easy);
  const timer = setInterval(() => agent.active > 0 && easy.pause(CONTINUE), 10);
  await running;
  clearInterval(timer);
  expect(state.bytes).toBe(300_000);
  easy.close();
});

test("pause() from outside stops the bytes until it is called again", async () => {
  let bytes = 0;
  using easy = easyFor(server.url("/slow/60/5"), {
    WRITEFUNCTION: (chunk) => {
      bytes += chunk.length;
      return chunk.length;
    },
  });
  const running = agent.perform(easy);
  await until(() => bytes > 0);
  easy.pause(constants.CURLPAUSE_RECV);
  if (!libcurl.pausesAtOnce.holds) await sleep(100);
  const seen = bytes;
  await sleep(150);
  expect(bytes).toBe(seen);
  easy.pause(CONTINUE);
  await running;
  expect(bytes).toBe(60);
});

test("a paused transfer costs no turns, and does not disturb others", async () => {
  const { easy, state } = pausing("/bytes/5000000");
  const running = agent.perform(easy);
  await until(() => state.calls > 0);
  await sleep(50);
  const { turns } = agent.stats;
  await sleep(200);
  expect(agent.stats.turns - turns).toBeLessThan(10);
  for (let i = 0; i < 20; i++) await get(agent, server.url("/small"));
  easy.pause(CONTINUE);
  await running;
  expect(state.bytes).toBe(5_000_000);
  easy.close();
});

test("a paused transfer can be aborted, and its handle closed", async () => {
  const { easy, state } = pausing("/bytes/1000000");
  const controller = new AbortController();
  const running = failure(agent.perform(easy, { signal: controller.signal }));
  await until(() => state.calls > 0);
  controller.abort("enough");
  expect(await running).toBe("enough");
  const again = pausing("/bytes/1000000");
  const closing = failure(agent.perform(again.easy));
  await until(() => again.state.calls > 0);
  again.easy.close();
  expect(await closing).toMatchObject({ codeName: "CURLE_ABORTED_BY_CALLBACK" });
  easy.close();
});

test("an aborted paused handle starts its next transfer unpaused", async () => {
  const { easy, state } = pausing("/bytes/1000");
  const controller = new AbortController();
  const running = failure(agent.perform(easy, { signal: controller.signal }));
  await until(() => state.calls > 0);
  controller.abort();
  await running;
  await agent.perform(easy);
  expect(state.bytes).toBe(1000);
  easy.close();
});

test("TIMEOUT_MS also ends a paused transfer", async () => {
  const { easy } = pausing("/bytes/1000000");
  easy.setOpt("TIMEOUT_MS", 200);
  const started = performance.now();
  expect(await failure(agent.perform(easy)))
    .toMatchObject({ codeName: "CURLE_OPERATION_TIMEDOUT" });
  expect(performance.now() - started).toBeLessThan(500);
  easy.close();
});

test("an upload paused by its READFUNCTION resumes", async () => {
  let calls = 0, body = "";
  const text = new TextEncoder().encode("uploaded");
  using easy = easyFor(server.url("/upload"), {
    UPLOAD: 1,
    INFILESIZE_LARGE: text.length,
    READFUNCTION: (room) => {
      if (calls++ === 0) return constants.CURL_READFUNC_PAUSE;
      room.set(text);
      return text.length;
    },
    WRITEFUNCTION: (chunk) => {
      body += new TextDecoder().decode(chunk);
      return chunk.length;
    },
  });
  const running = agent.perform(easy);
  await until(() => calls > 0);
  await sleep(100);
  expect(calls).toBe(1);
  easy.pause(CONTINUE);
  await running;
  expect(JSON.parse(body)).toMatchObject({ bytes: 8 });
});

test("resuming from the callback of another transfer works", async () => {
  const { easy, state } = pausing("/bytes/10000");
  const running = agent.perform(easy);
  await until(() => state.calls > 0);
  await get(agent, server.url("/small"), {
    WRITEFUNCTION: (chunk) => {
      easy.pause(CONTINUE);
      return chunk.length;
    },
  });
  await running;
  expect(state.bytes).toBe(10_000);
  easy.close();
});

test("a pause before there is a connection is refused, and forgotten", async () => {
  let bytes = 0;
  const easy = easyFor(server.url("/bytes/30000000"), {
    WRITEFUNCTION: (chunk) => (bytes += chunk.length, chunk.length),
  });
  const running = agent.perform(easy);
  expect(() => easy.pause(constants.CURLPAUSE_RECV)).toThrow("bad argument");
  await running; // once a slice is over it waits for its turn, and goes on
  expect(bytes).toBe(30_000_000);
  easy.close();
});
