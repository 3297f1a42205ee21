// A response that nobody reads does not keep the process alive, and loses nothing if it is read
// later.
import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Agent, fetch } from "../../../mod.ts";
import { runChild } from "../../server/child.ts";
import { useServer } from "../../use.ts";
import { failure, sleep, until } from "../support.ts";

const timeout = 20_000;
/** Longer than the time after which a body that nobody reads is paused. */
const PAUSED_MS = 700;
const PIECES = 20, EVERY_MS = 50;
const WHOLE = Array.from({ length: PIECES }, (_, i) => `piece ${i}\n`).join("");

const known = useServer("h2");
let base: string;
let server: net.Server;
const sockets = new Set<net.Socket>();

/** Sends a piece now and then; `/endless` never ends, `/late` has one more after two seconds. */
async function answer(socket: net.Socket, path: string): Promise<void> {
  socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  const send = (text: string) => socket.write(`${text.length.toString(16)}\r\n${text}\r\n`);
  if (path === "/endless") return void send("data: 1\n\n");
  if (path === "/late") {
    send("first");
    await sleep(2000);
    send("second");
    return void socket.end("0\r\n\r\n");
  }
  for (let i = 0; i < PIECES; i++) {
    send(`piece ${i}\n`);
    await sleep(EVERY_MS);
  }
  socket.write("0\r\n\r\n");
}

beforeAll(async () => {
  server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (data) => {
      const path = /^\w+ (\S+) HTTP/.exec(String(data))?.[1];
      if (path) void answer(socket, path);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const inits = {
  "GET": "{}",
  "POST of bytes": '{ method: "POST", body: "text" }',
  "POST of a stream": '{ method: "POST", body: new Blob(["text"]).stream() }',
};

describe.each(Object.entries(inits))("a process with an unread response to a %s", (_, init) => {
  const run = (rest: string, path: string) =>
    runChild(
      `import { fetch } from "#root/mod.ts";
const response = await fetch("${base}${path}", ${init});
${rest}`,
      { timeoutMs: 8000 },
    );

  test.concurrent.each([
    "console.log(response.status);",
    "globalThis.kept = response; console.log(response.status);",
    "globalThis.kept = response.body; console.log(response.status);",
    "globalThis.kept = response.clone(); console.log(response.status);",
    "globalThis.kept = response.body.getReader(); await kept.read(); console.log(response.status);",
  ])("ends: %s", async (rest) => {
    const child = await run(rest, "/endless");
    expect(child, child.stderr).toMatchObject({ code: 0, timedOut: false, stdout: "200\n" });
  });

  test.concurrent.each([
    "console.log(await response.text());",
    "for await (const c of response.body) process.stdout.write(c); console.log();",
    "const r = response.body.getReader(); await r.read(); await r.read(); console.log('firstsecond');",
  ])("waits for what is read: %s", async (rest) => {
    const child = await run(`import process from "node:process";\n${rest}`, "/late");
    expect(child, child.stderr).toMatchObject({
      code: 0,
      timedOut: false,
      stdout: "firstsecond\n",
    });
  });
});

const readers: Record<string, (response: Response) => Promise<string>> = {
  "text()": (response) => response.text(),
  "arrayBuffer()": async (response) => new TextDecoder().decode(await response.arrayBuffer()),
  "blob()": async (response) => await (await response.blob()).text(),
  "a reader that rests": async (response) => {
    const reader = response.body!.getReader(), decoder = new TextDecoder();
    for (let text = "", rests = 0;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += decoder.decode(value);
      if (rests++ < 2) await sleep(PAUSED_MS);
    }
  },
  "a clone": async (response) => {
    const clone = response.clone();
    await sleep(PAUSED_MS);
    const [one, two] = await Promise.all([response.text(), clone.text()]);
    expect(one).toBe(two);
    return one;
  },
};

test.concurrent.each(Object.keys(readers))(
  "a body that was unread for a while is whole by %s",
  async (by) => {
    await using agent = new Agent();
    for (const rest of [0, 150, PAUSED_MS, 1500]) {
      const response = await fetch(`${base}/pieces`, { agent, timeout });
      await sleep(rest);
      expect(await readers[by]!(response)).toBe(WHOLE);
    }
    expect(agent.active).toBe(0);
  },
);

test("one that is aborted, cancelled or closed meanwhile ends", async () => {
  const agent = new Agent(), controller = new AbortController();
  const { signal } = controller;
  const aborted = await fetch(`${base}/endless`, { agent, signal, timeout });
  const cancelled = await fetch(`${base}/endless`, { agent, timeout });
  const closed = await fetch(`${base}/endless`, { agent, timeout });
  await sleep(PAUSED_MS);
  controller.abort(new Error("mine"));
  expect(String(await failure(aborted.text()))).toBe("Error: mine");
  await cancelled.body!.cancel();
  await until(() => agent.active === 1);
  expect(agent.active).toBe(1);
  await agent.close();
  expect(await failure(closed.text())).toBeInstanceOf(TypeError);
});

test("on HTTP/2 the other streams of the connection go on", async () => {
  await using agent = new Agent();
  const curl = { SSL_VERIFYPEER: 0, SSL_VERIFYHOST: 0 };
  const url = known.url("/bytes/3000000", "h2");
  const unread = await fetch(url, { agent, curl, timeout });
  await sleep(PAUSED_MS);
  for (let i = 0; i < 5; i++) {
    const response = await fetch(url, { agent, curl, timeout });
    expect((await response.arrayBuffer()).byteLength).toBe(3_000_000);
  }
  expect((await unread.arrayBuffer()).byteLength).toBe(3_000_000);
});
