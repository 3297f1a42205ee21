// Busy transfers go on one by one, which must not be seen in what they receive.
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, constants, type CurlEasyError, type Easy, type EasyOptions } from "../../mod.ts";
import { stateOf } from "../../src/handles/easy/easy.ts";
import type { UrlKind } from "../server/start.ts";
import { useServer } from "../use.ts";
import { CONTINUE, easyFor, failure, PAUSE, sleep, until } from "./support.ts";

const server = useServer("http", "https");
let agent: Agent;
beforeAll(() => {
  agent = new Agent();
});
afterAll(() => agent.close());

const SIZE = 8_000_000;

/** One transfer of a body that is the servers' pattern; `around` sees each piece first. */
async function download(
  path: string,
  around: (easy: Easy, bytes: Uint8Array) => number | void = () => {},
  kind: UrlKind = "http",
  options: EasyOptions = {},
): Promise<{ size: number; wrong: number; held: number }> {
  let size = 0, wrong = 0, held = 0, was = false;
  using easy = easyFor(server.url(path, kind), {
    SSL_VERIFYPEER: 0,
    SSL_VERIFYHOST: 0,
    WRITEFUNCTION: (bytes) => {
      const result = around(easy, bytes);
      if (result !== undefined) return result;
      for (let i = 0; i < bytes.length; i += 97) if (bytes[i] !== ((size + i) & 0xff)) wrong++;
      size += bytes.length;
      return bytes.length;
    },
    ...options,
  });
  const running = agent.perform(easy);
  const timer = setInterval(() => {
    const { pausedForFairness: is } = stateOf(easy).run;
    if (is && !was) held++;
    was = is;
  }, 1);
  await running.finally(() => clearInterval(timer));
  return { size, wrong, held };
}

/** Endless downloads beside, so that there are others to wait for. */
async function besideLoad<T>(run: () => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const load = Array.from({ length: 8 }, async () => {
    using easy = easyFor(server.url("/bytes/1000000000000"), { TIMEOUT_MS: 0 });
    await failure(agent.perform(easy, controller));
  });
  try {
    return await run();
  } finally {
    controller.abort();
    await Promise.all(load);
  }
}

const KINDS: [name: string, path: string, kind: UrlKind, options: EasyOptions][] = [
  ["of known length", `/bytes/${SIZE}`, "http", {}],
  ["in large buffers", `/bytes/${SIZE}`, "http", { BUFFERSIZE: 256 * 1024 }],
  ["over TLS", `/bytes/${SIZE}`, "https", {}],
];

test.each(KINDS)("bodies %s arrive whole beside a load", async (_name, path, kind, options) => {
  await besideLoad(async () => {
    const seen = await Promise.all(
      Array.from({ length: 6 }, () => download(path, undefined, kind, options)),
    );
    for (const { size, wrong } of seen) expect([size, wrong]).toEqual([SIZE, 0]);
    expect(seen.some(({ held }) => held > 0)).toBe(true);
  });
}, 30_000);

test("the user's own pauses and those of the turns do not mix", async () => {
  await besideLoad(async () => {
    const seen = await Promise.all(Array.from({ length: 6 }, (_, n) => {
      let pieces = 0, paused = false;
      return download(`/bytes/${SIZE}`, (easy) => {
        expect(paused).toBe(false);
        if (++pieces % (20 + n) !== 0) return;
        paused = true;
        setTimeout(() => {
          paused = false;
          easy.pause(CONTINUE);
        }, n);
        return PAUSE;
      });
    }));
    for (const { size, wrong } of seen) expect([size, wrong]).toEqual([SIZE, 0]);
  });
}, 30_000);

test("one that is paused while it waits for its turn stays paused", async () => {
  await besideLoad(async () => {
    let size = 0;
    using easy = easyFor(server.url(`/bytes/${SIZE}`), {
      WRITEFUNCTION: (bytes) => (size += bytes.length, bytes.length),
    });
    const running = agent.perform(easy);
    await until(() => stateOf(easy).run.pausedForFairness);
    easy.pause(constants.CURLPAUSE_RECV);
    const before = size;
    await sleep(300);
    expect(size).toBe(before);
    easy.pause(CONTINUE);
    await running;
    expect(size).toBe(SIZE);
  });
}, 30_000);

test("what a WRITEFUNCTION throws is the cause, whenever it was called", async () => {
  await besideLoad(async () => {
    for (const at of [100_000, 1_000_000, 3_000_000]) {
      let size = 0;
      const error = await failure(download(`/bytes/${SIZE}`, (_, bytes) => {
        if ((size += bytes.length) > at) throw new RangeError("enough");
      })) as CurlEasyError;
      expect(error.codeName).toBe("CURLE_WRITE_ERROR");
      expect(error.cause).toEqual(new RangeError("enough"));
    }
  });
}, 30_000);

test("one that was closed or aborted while it waits leaves nothing behind", async () => {
  await besideLoad(async () => {
    for (let i = 0; i < 10; i++) {
      const controller = new AbortController();
      const easy = easyFor(server.url(`/bytes/${SIZE * 100}`));
      const running = failure(agent.perform(easy, controller));
      await until(() => stateOf(easy).run.pausedForFairness);
      if (i % 2) easy.close();
      else controller.abort("enough");
      await running;
      expect(stateOf(easy).run.pausedForFairness).toBe(false);
      if (i % 2 === 0) {
        easy.setOpt("URL", server.url("/small"));
        await agent.perform(easy);
        easy.close();
      }
    }
  });
}, 30_000);
