// Header lines are collected in C memory of their handle: heads of any size, cut off, one after
// another, and lines that only look like the start or the end of a head.
import net from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { live } from "../../../ffi/memory.ts";
import { Agent, Easy, fetch } from "../../../mod.ts";
import { HeaderLines } from "../../../src/handles/callbacks/header_lines.ts";
import { failure } from "../support.ts";

const timeout = 5000;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n";

/** What the server sends for each path before it closes the connection. */
const answers = new Map<string, string>();
let base: string;
let server: net.Server;
beforeAll(async () => {
  server = net.createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (data) => {
      const path = /^\S+ \/(\S*)/.exec(String(data))?.[1] ?? "";
      socket.end(answers.get(decodeURIComponent(path)) ?? `${OK}\r\n`, "latin1");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}/`;
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
});

function urlOf(answer: string): string {
  const path = `answer-${answers.size}`;
  answers.set(path, answer);
  return base + path;
}

test("heads of all sizes arrive whole, and their memory is freed", async () => {
  expect((await fetch(base, { timeout })).status).toBe(200); // its block is kept for other heads
  const before = live.blocks;
  const sizes = [0, 1, 900, 1000, 1024, 1100, 2048, 5000, 16_000, 17_000, 60_000, 90_000];
  {
    await using agent = new Agent();
    for (const size of [...sizes, ...sizes.toReversed()]) {
      const value = "v".repeat(size), url = urlOf(`${OK}A: ${value}\r\nB: à\r\n\r\n`);
      const { headers } = await fetch(url, { agent, timeout });
      expect(headers.get("a")).toBe(value);
      expect(headers.get("b")).toBe("à");
    }
  }
  expect(live.blocks).toBe(before);
});

test("the lines of a head that was cut off are not in the next one", async () => {
  await using agent = new Agent();
  const heads: string[] = [];
  using easy = new Easy();
  const lines = new HeaderLines({
    isDue: (_length, first) => first === 13,
    take: (text) => heads.push(text),
  });
  easy.setOpts({ HEADERFUNCTION: lines.option, TIMEOUT_MS: timeout, FORBID_REUSE: 1 });
  easy.setOpt("URL", urlOf("HTTP/1.1 200 OK\r\nX-Cut: 1\r\nX-"));
  await agent.perform(easy);
  expect(heads).toEqual([]);
  easy.setOpt("URL", urlOf(`${OK}Y: 2\r\n\r\n`));
  await agent.perform(easy);
  expect(heads).toEqual([`${OK}Y: 2\r\n\r\n`]);
});

test("an exception of the receiver is the cause of the error, and ends only that transfer", async () => {
  await using agent = new Agent();
  using easy = new Easy();
  const thrown = new Error("enough");
  for (const method of ["isDue", "take"] as const) {
    const receiver = { isDue: () => true, take() {} };
    receiver[method] = () => {
      throw thrown;
    };
    easy.setOpts({ HEADERFUNCTION: new HeaderLines(receiver).option, TIMEOUT_MS: timeout });
    easy.setOpt("URL", urlOf(`${OK}\r\n`));
    const others = Array.from({ length: 4 }, () => fetch(urlOf(`${OK}\r\n`), { agent, timeout }));
    expect(await failure(agent.perform(easy))).toMatchObject({ cause: thrown });
    for (const { status } of await Promise.all(others)) expect(status).toBe(200);
  }
});

test("a status line inside a head starts no other head", async () => {
  const inside = `${OK}HTTP/1.1 404 No: a\r\nHTTP/1.1 103 Early: b\r\nX: 1\r\n\r\n`;
  const response = await fetch(urlOf(inside), { timeout });
  expect([response.status, response.headers.get("x")]).toEqual([200, "1"]);
});

test("a head that has no end is no response", async () => {
  for (const end of ["", "X: 1", "X: 1\r\n"]) {
    expect(await failure(fetch(urlOf(OK + end), { timeout }))).toBeInstanceOf(TypeError);
  }
});

test("many interim heads, each with as many fields as allowed, count one by one", async () => {
  const interim = `HTTP/1.1 103 Early\r\n${"X: 1\r\n".repeat(9)}\r\n`;
  const url = urlOf(`${interim.repeat(20)}${OK}${"Y: 2\r\n".repeat(8)}\r\n`);
  expect((await fetch(url, { timeout, maxHeaders: 9 })).status).toBe(200);
  expect(String(await failure(fetch(url, { timeout, maxHeaders: 8 })))).toContain("more than 8");
});

test("a function of the user that claims any property is called", async () => {
  await using agent = new Agent();
  using easy = new Easy();
  let called = 0;
  const count = (line: Uint8Array) => {
    called++;
    return line.length;
  };
  for (const claimed of [{}, new HeaderLines({ isDue: () => true, take() {} }), 1, null]) {
    const proxy = new Proxy(count, {
      get: (target, key) => typeof key === "symbol" ? { ...claimed } : Reflect.get(target, key),
    });
    easy.setOpts({ HEADERFUNCTION: proxy, URL: urlOf(`${OK}\r\n`), TIMEOUT_MS: timeout });
    await agent.perform(easy);
  }
  expect(called).toBe(4 * 3);
});
