// agent.readable() and agent.writable(): how a CONNECT_ONLY handle is waited for.
import { closeSync, openSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Agent, type CurlEasyError, Easy, type EasyOptions, Multi } from "../../mod.ts";
import { stateOf } from "../../src/handles/easy/easy.ts";
import { READ } from "../../src/driver/poller/poller.ts";
import { Sockets } from "../../src/driver/sockets.ts";
import { SocketWaits } from "../../src/driver/socket_waits.ts";
import { FakePoller } from "./poller/fake_poller.ts";
import { useServer } from "../use.ts";
import {
  counters,
  cpuMs,
  descriptors,
  easyFor,
  failure,
  get,
  inChild,
  outcome,
  sleep,
  until,
  waitMethods,
} from "./support.ts";
import { libcurl } from "../versions.ts";

const server = useServer("http", "echo", "echoTls", "silent", "lines", "proxy", "socks");
let agent: Agent;
beforeEach(() => {
  agent = new Agent();
});
afterEach(() => agent.close());

const utf8 = new TextEncoder(), decoder = new TextDecoder();
const signal = () => AbortSignal.timeout(8000);

async function connect(url: string, options: EasyOptions = {}): Promise<Easy> {
  return await agent.perform(easyFor(url, { CONNECT_ONLY: 1, ...options }));
}

const plain = () => `http://127.0.0.1:${server.echo}/`;

async function when<T>(wait: () => Promise<void>, call: () => T): Promise<T> {
  for (;; await wait()) {
    try {
      return call();
    } catch (error) {
      if ((error as CurlEasyError).codeName !== "CURLE_AGAIN") throw error;
    }
  }
}

async function receive(easy: Easy, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const rest = buffer.subarray(at);
    const wait = () => agent.readable(easy, { signal: signal() });
    const count = await when(wait, () => easy.recv(rest));
    if (count === 0) return buffer.subarray(0, at);
    at += count;
  }
  return buffer;
}

async function sendAll(easy: Easy, data: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let at = 0; at < data.length;) {
    const rest = data.subarray(at);
    at += await when(() => agent.writable(easy, { signal: signal() }), () => easy.send(rest));
  }
}

function pattern(size: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: size }, (_, i) => (i * 7) & 0xff);
}

async function echoes(easy: Easy, data: Uint8Array<ArrayBuffer>): Promise<void> {
  const [back] = await Promise.all([receive(easy, data.length), sendAll(easy, data)]);
  expect(back.length).toBe(data.length);
  expect(back.every((byte, i) => byte === data[i])).toBe(true);
}

/** Sends until nothing more goes. */
function fill(easy: Easy): number {
  for (let total = 0; total < 64 * 1024 * 1024;) {
    try {
      total += easy.send(block);
    } catch (error) {
      if ((error as CurlEasyError).codeName === "CURLE_AGAIN") return total;
      throw error;
    }
  }
  throw new Error("expected CURLE_AGAIN");
}

const block = new Uint8Array(64 * 1024);

/** The same to an echo that nobody reads, until it has stopped. */
async function stuff(easy: Easy): Promise<number> {
  let total = 0;
  for (let quiet = 0; quiet < 5; await sleep(20)) {
    const sent = fill(easy);
    total += sent;
    quiet = sent === 0 ? quiet + 1 : 0;
  }
  return total;
}

describe("waiting", () => {
  test("readable resolves when something comes, writable at once", async () => {
    using easy = await connect(plain());
    let readable = false;
    const wait = agent.readable(easy).then(() => readable = true);
    await agent.writable(easy, { signal: signal() });
    await sleep(50);
    expect(readable).toBe(false);
    easy.send(utf8.encode("hello"));
    await wait;
    expect(decoder.decode(await receive(easy, 5))).toBe("hello");
  });

  test("what is there already is told at once, as often as it is asked", async () => {
    using easy = await connect(plain());
    easy.send(utf8.encode("x"));
    for (let i = 0; i < 20; i++) await agent.readable(easy, { signal: signal() });
    expect(decoder.decode(await receive(easy, 1))).toBe("x");
  });

  test("data that a server sends first is received", async () => {
    using easy = await connect(`http://127.0.0.1:${server.lines}/`);
    expect(decoder.decode(await receive(easy, 7))).toBe("hello\r\n");
    await sendAll(easy, utf8.encode("line\r\n"));
    expect(decoder.decode(await receive(easy, 6))).toBe("LINE\r\n");
  });

  test("data that a server sends first is not lost to a transfer that begins meanwhile", async () => {
    using easy = await connect(`http://127.0.0.1:${server.lines}/`);
    await sleep(1200); // libcurl looks after idle connections once a second
    await get(agent, server.url("/small"), { FRESH_CONNECT: 1 });
    expect(decoder.decode(await receive(easy, 7))).toBe("hello\r\n");
  });

  test.each([1, 1000, 1_000_000])("%i bytes go and come, plain", async (size) => {
    using easy = await connect(plain());
    await echoes(easy, pattern(size));
  });

  test.each([1, 1000, 1_000_000])("%i bytes go and come over TLS", async (size) => {
    using easy = await connect(`https://127.0.0.1:${server.echoTls}/`, { CAINFO: server.ca });
    await echoes(easy, pattern(size));
  });

  test("through an HTTP tunnel and through SOCKS", async () => {
    const { proxy, socks } = server;
    const url = plain();
    for (
      const options of [
        { PROXY: `http://127.0.0.1:${proxy}`, HTTPPROXYTUNNEL: 1 },
        { PROXY: `socks5h://127.0.0.1:${socks}` },
        { PROXY: `socks4a://127.0.0.1:${socks}` },
      ]
    ) {
      using easy = await connect(url, options);
      await echoes(easy, pattern(100_000));
    }
  });

  test("a slow peer holds send() back, and writable waits for it", async () => {
    using easy = await connect(plain());
    const sent = await stuff(easy); // the echo stops when nobody reads it
    let writable = false;
    const wait = agent.writable(easy, { signal: signal() }).then(() => writable = true);
    await sleep(100);
    expect(writable).toBe(false);
    await receive(easy, sent);
    await wait;
    await echoes(easy, pattern(100));
  });

  test("all who wait for the same are told, each in its direction", async () => {
    using easy = await connect(plain());
    const sent = await stuff(easy);
    const told: string[] = [];
    const waits = ["read", "read", "write"].map((name) =>
      (name === "read" ? agent.readable(easy) : agent.writable(easy)).then(() => told.push(name))
    );
    await until(() => told.length === 2);
    expect(told).toEqual(["read", "read"]);
    await receive(easy, sent);
    await Promise.all(waits);
    expect(told).toEqual(["read", "read", "write"]);
  });

  test("100 at once, each with its own", async () => {
    const easies = await Promise.all(Array.from({ length: 100 }, () => connect(plain())));
    await Promise.all(easies.map((easy, i) => echoes(easy, pattern(500 + i))));
    for (const easy of easies) easy.close();
  });

  test("transfers come and go meanwhile", async () => {
    using easy = await connect(plain());
    const wait = agent.readable(easy);
    for (let i = 0; i < 50; i++) await get(agent, server.url("/small"));
    easy.send(utf8.encode("x"));
    await wait;
    expect(decoder.decode(await receive(easy, 1))).toBe("x");
  });
});

describe("the end of a wait", () => {
  const others: (Agent | Multi)[] = [];

  test("the peer closes: readable resolves, and recv gives 0", async () => {
    using easy = await connect(`http://127.0.0.1:${server.lines}/`);
    await receive(easy, 7);
    easy.send(utf8.encode("quit\r\n"));
    expect(decoder.decode(await receive(easy, 100))).toBe("bye\r\n");
    await agent.readable(easy, { signal: signal() });
    expect(easy.recv(new Uint8Array(10))).toBe(0);
  });

  test("the handle is closed", async () => {
    const easy = await connect(plain());
    await stuff(easy);
    await receive(easy, 1);
    const wait = failure(agent.writable(easy));
    easy.close();
    expect(await wait).toMatchObject({ codeName: "CURLE_ABORTED_BY_CALLBACK" });
    expect(await failure(agent.readable(easy)))
      .toMatchObject({ codeName: "CURLE_BAD_FUNCTION_ARGUMENT" });
  });

  test("the agent is closed", async () => {
    using easy = await connect(plain());
    const wait = outcome(agent.readable(easy));
    await agent.close();
    expect(await wait)
      .toMatchObject(["failed", { codeName: "CURLE_ABORTED_BY_CALLBACK" }]);
    expect(await failure(agent.readable(easy)))
      .toMatchObject({ codeName: "CURLE_ABORTED_BY_CALLBACK" });
  });

  test("its signal aborts: the connection stays, and so do other waits", async () => {
    using easy = await connect(plain());
    const controller = new AbortController(), reason = new Error("enough");
    const [one, other] = [
      outcome(agent.readable(easy, { signal: controller.signal })),
      outcome(agent.readable(easy)),
    ];
    controller.abort(reason);
    expect(await one).toEqual(["failed", reason]);
    expect(await failure(agent.readable(easy, { signal: controller.signal }))).toBe(reason);
    easy.send(utf8.encode("x"));
    expect(await other).toEqual(["done"]);
    expect(decoder.decode(await receive(easy, 1))).toBe("x");
  });

  test("an aborted wait is forgotten: what comes then costs nothing", async () => {
    using easy = await connect(plain());
    const controller = new AbortController();
    const wait = outcome(agent.readable(easy, { signal: controller.signal }));
    controller.abort();
    await wait;
    easy.send(utf8.encode("x"));
    await sleep(100);
    const { turns } = agent.stats;
    await sleep(200);
    expect(agent.stats.turns - turns).toBeLessThanOrEqual(1);
  });

  test("all handles are closed at once", async () => {
    const easies = await Promise.all(Array.from({ length: 5 }, () => connect(plain())));
    const waits = easies.map((easy) => outcome(agent.readable(easy)));
    for (const easy of easies) easy.close();
    for (const wait of waits) {
      expect(await wait).toMatchObject(["failed", { codeName: "CURLE_ABORTED_BY_CALLBACK" }]);
    }
  });

  test.each([
    ["no handle", () => ({}) as Easy],
    ["a new handle", () => new Easy()],
    ["a handle of another agent", async () => {
      const other = new Agent(), easy = easyFor(plain(), { CONNECT_ONLY: 1 });
      others.push(other);
      return await other.perform(easy);
    }],
    ["one of a Multi", () => {
      const easy = easyFor(plain(), { CONNECT_ONLY: 1 }), multi = new Multi();
      others.push(multi);
      multi.addHandle(easy);
      return easy;
    }],
    ["one that is not connected yet", () => {
      const easy = easyFor(`http://127.0.0.1:${server.silent}/`, { CONNECT_ONLY: 1 });
      agent.perform(easy).catch(() => {});
      return easy;
    }],
    ["one of an ordinary transfer", async () => {
      const easy = easyFor(server.url("/small"));
      await agent.perform(easy);
      return easy;
    }],
  ])("%s is CURLE_BAD_FUNCTION_ARGUMENT", async (_, make) => {
    const easy = await make();
    for (const wait of [() => agent.readable(easy), () => agent.writable(easy)]) {
      expect(await failure(wait())).toMatchObject({
        name: "CurlEasyError",
        codeName: "CURLE_BAD_FUNCTION_ARGUMENT",
      });
    }
    if (easy instanceof Easy) easy.close();
    for (const other of others.splice(0)) await other.close();
  });
});

describe("descriptors", () => {
  test.skipIf(!libcurl.closesConnectOnly.holds)(
    `a number that comes again is another connection${libcurl.closesConnectOnly.note}`,
    async () => {
      const numbers = new Set<number>();
      for (let i = 0; i < 30; i++) {
        const easy = await connect(plain());
        numbers.add(easy.getInfo("ACTIVESOCKET") as number);
        const wait = outcome(agent.readable(easy));
        if (i % 2) easy.send(utf8.encode(`${i}`));
        if (i % 3) await sleep(1);
        easy.close();
        expect((await wait)[0]).toMatch(/failed|done/);
        using next = await connect(plain());
        const early = outcome(agent.readable(next));
        expect(await Promise.race([early, sleep(5)])).toBe(undefined);
        next.send(utf8.encode("own"));
        expect(await early).toEqual(["done"]);
        expect(decoder.decode(await receive(next, 3))).toBe("own");
      }
      expect(numbers.size).toBeLessThan(30);
    },
  );

  test("a file that gets the number of a closed connection is not touched", async () => {
    const easy = await connect(plain());
    const wait = outcome(agent.readable(easy));
    easy.close();
    const file = openSync("/dev/zero", "r");
    expect(await wait).toMatchObject(["failed", {}]);
    await get(agent, server.url("/small"));
    closeSync(file);
  });

  test.skipIf(!libcurl.closesConnectOnly.holds)(
    `waiting and closing leave nothing behind${libcurl.closesConnectOnly.note}`,
    async () => {
      const round = async () => {
        const easies = await Promise.all(Array.from({ length: 10 }, () => connect(plain())));
        const waits = easies.map((easy) => outcome(agent.readable(easy)));
        await Promise.all(easies.slice(5).map((easy) => agent.writable(easy)));
        for (const easy of easies) easy.close();
        await Promise.all(waits);
      };
      await round();
      const before = counters(), sockets = descriptors("socket:");
      for (let i = 0; i < 20; i++) await round();
      for (const [name, count] of Object.entries(counters())) {
        // fewer: a thread that waited for an agent of an earlier test came back meanwhile
        expect(count, name).toBeLessThanOrEqual(before[name]!);
      }
      expect(descriptors("socket:")).toBe(sockets);
      expect(agent.stats.sockets).toBe(0);
    },
  );

  test("a wait costs no time", async () => {
    using easy = await connect(plain());
    const wait = outcome(agent.readable(easy));
    await sleep(50);
    const { turns } = agent.stats, cpu = cpuMs();
    await sleep(400);
    expect(agent.stats.turns - turns).toBeLessThanOrEqual(1);
    expect(cpuMs() - cpu).toBeLessThan(200);
    easy.close();
    await wait;
  });
});

test.each(waitMethods)("a wait keeps the process alive until it is over: %s", async (method) => {
  const child = await inChild(
    `
    const agent = new Agent();
    const easy = easyFor("${plain()}", { CONNECT_ONLY: 1 });
    await agent.perform(easy);
    setTimeout(() => easy.send(new Uint8Array(3)), 400).unref?.();
    await agent.readable(easy);
    say(easy.recv(new Uint8Array(10)));
    mark();`,
    { env: { CURLEW_WAIT: method } },
  );
  expect(child).toMatchObject({ code: 0, timedOut: false, said: [3] });
  expect(child.exitMs).toBeLessThan(5000);
}, 30_000);

test.each(waitMethods)(
  "a connection without waits does not keep the process alive: %s",
  async (method) => {
    const child = await inChild(
      `
    const agent = new Agent();
    const easy = easyFor("${plain()}", { CONNECT_ONLY: 1 });
    await agent.perform(easy);
    const controller = new AbortController();
    const wait = outcome(agent.readable(easy, { signal: controller.signal }));
    controller.abort();
    await wait;
    mark();`,
      { env: { CURLEW_WAIT: method } },
    );
    expect(child).toMatchObject({ code: 0, timedOut: false });
    expect(child.exitMs).toBeLessThan(5000);
  },
  30_000,
);

test("a connection that goes away ends its waits, and the agent is told", async () => {
  using easy = new Easy();
  let told = 0;
  const poller = new FakePoller(), sockets = new Sockets(poller), fd = poller.open();
  const waits = new SocketWaits(sockets, () => told++);
  sockets.opened(fd);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  waits.start(stateOf(easy), fd, READ, { resolve, reject });
  expect(told).toBe(1); // it has begun
  sockets.closing(fd);
  await expect(promise).rejects.toMatchObject({ codeName: "CURLE_RECV_ERROR" });
  expect(waits.size).toBe(0);
  await until(() => told === 2);
});
