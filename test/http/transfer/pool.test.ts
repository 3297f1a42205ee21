// Handles that are used again: nothing of one request is left for the next.
import net from "node:net";
import { afterAll, beforeEach, expect, test } from "vitest";
import { Agent } from "../../../mod.ts";
import { easyCount } from "../../../src/handles/core/easy_state.ts";
import { transferInfo } from "../../../src/http/response/response.ts";
import { idleHandles } from "../../../src/http/transfer/handle_pool.ts";
import type { FetchInit } from "../../../src/http/request/plan.ts";
import { useServer } from "../../use.ts";
import { type Echo, failure, get, isPattern, sent } from "../support.ts";

const server = useServer("http", "raw");
let agent: Agent;
afterAll(() => agent.close());

/** An agent with a kept connection and one idle handle. */
beforeEach(async () => {
  await agent?.close();
  agent = new Agent();
  for (let i = 0; i < 2; i++) await (await get(server.url("/small"), { agent })).text();
  expect(idleHandles(agent)).toBe(1);
});

async function echo(init: FetchInit = {}, url = server.url("/echo")): Promise<Echo> {
  return await (await get(url, { agent, ...init })).json();
}

test("a plain request uses the handle of the one before", async () => {
  const open = easyCount.open;
  for (let i = 0; i < 250; i++) {
    const response = await get(server.url(i % 2 ? "/small" : "/bytes/5000"), { agent });
    expect((await response.bytes()).length).toBe(i % 2 ? 98 : 5000);
    expect(easyCount.open).toBeLessThanOrEqual(open + 1);
  }
});

test("headers are those of the request, in any order of requests", async () => {
  const plain = (await echo()).headers;
  for (const headers of [{ Authorization: "Bearer s3cret", "X-A": "1" }, { Accept: "a/b" }, {}]) {
    const { headers: got } = await echo({ headers });
    const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()));
    const rest = (list: Echo["headers"]) => list.filter(([name]) => !names.has(name.toLowerCase()));
    expect(rest(got)).toEqual(rest(plain));
    for (const [name, value] of Object.entries(headers)) {
      expect(got.filter(([own]) => own.toLowerCase() === name.toLowerCase())).toEqual([
        [name, value],
      ]);
    }
  }
  expect((await echo()).headers).toEqual(plain);
  const latin1 = await echo({ headers: { "X-A": "caf\u00e9" } });
  expect(sent(latin1, "x-a")).toHaveLength(1);
  expect((await echo({ headers: { "X-A": "99,97,102,233" } })).headers).not.toEqual(latin1.headers);
});

test("options are those of the request", async () => {
  const plain = (await echo()).headers;
  const agents = [{ USERAGENT: "one" }, { USERAGENT: "two" }, { USERAGENT: "one" }];
  for (const curl of agents) {
    expect(sent(await echo({ curl }), "user-agent")).toEqual([curl.USERAGENT]);
  }
  expect((await echo({ curl: { HTTP_VERSION: 1 } })).httpVersion).toBe("1.0");
  const after = await echo();
  expect([after.httpVersion, after.headers]).toEqual(["1.1", plain]);
});

test("time limits are those of the request", async () => {
  const late = server.url("/delay/1300");
  const limited = (init: FetchInit) => failure(get(late, { agent, ...init }));
  expect(String(await limited({ timeout: 50 }))).toContain("TIMEDOUT");
  await (await get(server.url("/small"), { agent, timeout: 5000 })).text();
  await (await get(server.url("/small"), { agent, timeout: 0, connectTimeout: 5000 })).text();
  const first = await get(server.url("/small"), { agent, timeout: 1000 });
  await first.text();
  expect(idleHandles(agent)).toBeGreaterThan(0);
  expect((await get(late, { agent, timeout: 0 })).status).toBe(200);
});

test("credentials and cookies stay with their request, whose handle is not used again", async () => {
  const url = new URL(server.url("/echo"));
  url.username = "user";
  url.password = "pass";
  const idle = idleHandles(agent);
  expect(sent(await echo({}, url.href), "authorization")).toHaveLength(1);
  expect(sent(await echo({ curl: { USERPWD: "a:b" } }), "authorization")).toHaveLength(1);
  expect(sent(await echo({ curl: { COOKIELIST: "Set-Cookie: a=1" } }), "cookie")).toEqual(["a=1"]);
  expect(sent(await echo({ curl: { COOKIE: "b=2" } }), "cookie")).toEqual(["b=2"]);
  expect(idleHandles(agent)).toBe(idle);
  const plain = await echo();
  expect([sent(plain, "authorization"), sent(plain, "cookie")]).toEqual([[], []]);
});

test("only a successful GET without a body leaves its handle for the next", async () => {
  const idle = idleHandles(agent);
  for (const init of [{ method: "HEAD" }, { method: "POST", body: "x" }, { method: "DELETE" }]) {
    await (await get(server.url("/echo"), { agent, ...init })).text();
    expect(idleHandles(agent)).toBe(idle);
  }
  await (await get(server.url("/status/401"), { agent })).text();
  expect(idleHandles(agent)).toBe(idle - 1);
  expect((await echo()).method).toBe("GET");
});

test("a handle in use is not given to another request, and late bytes are for its own body", async () => {
  const slow = await get(server.url("/slow/20/20"), { agent });
  const sizes = Array.from({ length: 40 }, (_, i) => i * 1777);
  const others = await Promise.all(sizes.map(async (size) => {
    return await (await get(server.url(`/bytes/${size}`), { agent })).bytes();
  }));
  expect(others.map(({ length }) => length)).toEqual(sizes);
  expect(others.every((bytes) => isPattern(bytes))).toBe(true);
  expect((await slow.bytes()).length).toBe(20);
});

test("the handle of a body that is cancelled or left is closed", async () => {
  for (let i = 0; i < 3; i++) {
    const response = await get(server.url("/bytes/100000000"), { agent });
    await response.body?.cancel();
    expect((await (await get(server.url("/small"), { agent })).text()).length).toBe(98);
  }
});

test("transferInfo of an earlier response stays as it was", async () => {
  const first = await get(server.url("/bytes/1234"), { agent });
  await first.bytes();
  await (await get(server.url("/bytes/77"), { agent })).bytes();
  const info = transferInfo(first);
  expect(info).toMatchObject({ bytesIn: 1234, reused: true, httpVersion: "1.1" });
  expect(info.localPort).toBeGreaterThan(0);
  expect(transferInfo(first)).toBe(info);
});

test("an agent closes the handles that it keeps", async () => {
  const open = easyCount.open, idle = idleHandles(agent);
  await agent.close();
  expect(easyCount.open).toBe(open - idle);
  expect(idleHandles(agent)).toBe(0);
  expect(await failure(get(server.url("/small"), { agent }))).toBeInstanceOf(TypeError);
  expect(easyCount.open).toBe(open - idle);
});

/** Answers the first request of a connection, and hangs up at the second one. */
function fickle(): Promise<net.Server> {
  const fickle = net.createServer((socket) => {
    let requests = 0;
    socket.on("error", () => {});
    socket.on("data", () => {
      if (requests++ > 0) socket.destroy();
      else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
  });
  return new Promise((resolve) => fickle.listen(0, "127.0.0.1", () => resolve(fickle)));
}

test("connections that break repeatedly are not counted together", async () => {
  const server = await fickle(), { port } = server.address() as net.AddressInfo;
  try {
    for (let i = 0; i < 20; i++) {
      const response = await get(`http://127.0.0.1:${port}/`, { agent });
      expect(await response.text()).toBe("ok");
    }
  } finally {
    await agent.close(); // its connection would keep the server
    server.close();
  }
});

/** An HTTP/1 server that says "HTTP/2" of `/two`, and answers all others with their path, late. */
function boastful(): Promise<net.Server> {
  const server = net.createServer((socket) => {
    socket.on("error", () => {}).on("data", (data) => {
      for (const [, path = ""] of data.toString("latin1").matchAll(/^GET (\S+)/gm)) {
        const delay = 20 + path.charCodeAt(path.length - 1) % 7 * 20;
        const answer = `200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`;
        if (path.endsWith("/two")) socket.write(`HTTP/2 ${answer}`);
        else setTimeout(() => socket.write(`HTTP/1.1 ${answer}`), delay);
      }
    });
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

test("a server of HTTP/1 that says HTTP/2 gets one request at a time on a connection", async () => {
  const server = await boastful(), { port } = server.address() as net.AddressInfo;
  const ask = async (path: string, init: FetchInit) => {
    return await (await get(`http://127.0.0.1:${port}${path}`, { agent, ...init })).text();
  };
  try {
    const proxy = `http://127.0.0.1:${port}`;
    for (const init of [{}, { curl: { PROXY: proxy } }]) {
      await ask("/two", init).catch(() => {}); // newer libcurls refuse it
      const paths = Array.from({ length: 20 }, (_, i) => `/${String.fromCharCode(97 + i)}`);
      const answers = await Promise.all(paths.map((path) => ask(path, init)));
      expect(answers.map((text) => text.replace(/^http:..[^/]+/, ""))).toEqual(paths);
    }
  } finally {
    await agent.close(); // its connections would keep the server
    server.close();
  }
});
