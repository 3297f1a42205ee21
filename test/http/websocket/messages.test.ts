// Messages both ways: kinds, sizes, order, fragments, pings.
import { describe, expect, test } from "vitest";
import { useServer } from "../../use.ts";
import { bytes, connect, next, type Told, until, whyNot } from "./support.ts";

const server = useServer("ws", "wss");

async function open(path: string): Promise<Told> {
  const told = connect(`ws://127.0.0.1:${server.ws}${path}`);
  await told.opened;
  return told;
}

async function end({ socket, closed }: Told): Promise<void> {
  socket.close(1000);
  expect(await closed).toMatchObject({ code: 1000, wasClean: true });
  expect(socket.readyState).toBe(3);
}

async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

describe.skipIf(whyNot)(`messages${whyNot}`, () => {
  test.each([
    "",
    "x",
    "grüße €🐦",
    "a".repeat(125),
    "b".repeat(126),
    "c".repeat(65_535),
    "d".repeat(65_536),
    "€".repeat(100_000),
  ])("text comes back as it was, %#", async (text) => {
    const told = await open("/echo");
    told.socket.send(text);
    expect(await next(told)).toBe(text);
    await end(told);
  });

  test("a lone surrogate is sent as U+FFFD", async () => {
    const told = await open("/echo");
    told.socket.send("a\ud800b");
    expect(await next(told)).toBe("a\ufffdb");
    await end(told);
  });

  test.each([0, 1, 125, 126, 127, 65_535, 65_536, 131_072, 131_073, 1_000_003])(
    "%i bytes come back as they were",
    async (size) => {
      const told = await open("/echo"), data = bytes(size);
      told.socket.send(data);
      const back = await next(told) as ArrayBuffer;
      expect(back).toBeInstanceOf(ArrayBuffer);
      expect(back.byteLength).toBe(size);
      expect(await sha256(new Uint8Array(back))).toBe(await sha256(data));
      await end(told);
    },
  );

  test("every form of bytes is sent, as it was at that time", async () => {
    const told = await open("/echo"), { socket } = told;
    const block = bytes(64), view = block.subarray(10, 20);
    const forms = [
      block.buffer,
      view,
      new DataView(block.buffer, 5, 3),
      new Uint16Array(4).fill(7),
      new Blob([view, "text"]),
    ];
    for (const form of forms) socket.send(form);
    socket.send("last");
    block.fill(255);
    await until(() => told.messages.length === 6);
    const shown = told.messages.slice(0, 5).map((data) => [...new Uint8Array(data as ArrayBuffer)]);
    const then = [...bytes(64)];
    expect(shown).toEqual([
      then,
      then.slice(10, 20),
      then.slice(5, 8),
      [7, 0, 7, 0, 7, 0, 7, 0],
      [...then.slice(10, 20), ...new TextEncoder().encode("text")],
    ]);
    expect(told.messages[5]).toBe("last");
    await end(told);
  });

  test("anything else is sent as text, as the standard has it", async () => {
    const told = await open("/echo"), { socket } = told;
    for (const data of [42, null, undefined, { toString: () => "own" }]) socket.send(data as never);
    await until(() => told.messages.length === 4);
    expect(told.messages).toEqual(["42", "null", "undefined", "own"]);
    await end(told);
  });

  test("a binary message is a Blob unless binaryType says otherwise", async () => {
    const told = await open("/echo"), { socket } = told;
    socket.binaryType = "nonsense" as never;
    expect(socket.binaryType).toBe("arraybuffer");
    socket.binaryType = "blob";
    socket.send(bytes(5));
    const blob = await next(told) as Blob;
    expect(blob).toBeInstanceOf(Blob);
    expect([...new Uint8Array(await blob.arrayBuffer())]).toEqual([0, 1, 2, 3, 4]);
    await end(told);
  });

  test("1,000 small messages arrive in order, both ways", async () => {
    const told = await open("/echo"), { socket } = told;
    const all = Array.from({ length: 1000 }, (_, i) => `message ${i}`);
    for (const text of all) socket.send(text);
    expect(socket.bufferedAmount).toBe(all.join("").length);
    await until(() => told.messages.length === 1000, 10_000);
    expect(told.messages).toEqual(all);
    expect(socket.bufferedAmount).toBe(0);
    await end(told);
  });

  test("1,000 messages that arrive in one go are told one at a time", async () => {
    const told = connect(`ws://127.0.0.1:${server.ws}/count?n=1000`);
    let microtasks = 0, seen = 0;
    // what a message leads to happens before the next one
    told.socket.addEventListener("message", () => {
      expect(microtasks).toBe(seen++ * 3);
      Promise.resolve().then(() => microtasks++).then(() => microtasks++).then(() => microtasks++);
    });
    await until(() => told.messages.length === 1000, 10_000);
    expect(told.messages).toEqual(Array.from({ length: 1000 }, (_, i) => `${i}`));
    expect(microtasks).toBe(3000);
    await end(told);
  });

  test.each(["", "?binary"])(
    "a fragmented message is one, with a ping in between%s",
    async (query) => {
      const told = await open(`/fragments${query}`);
      await until(() => told.messages.length === 2);
      const [first, second] = told.messages, text = "eins € zwei 🐦 drei";
      if (query === "") expect(first).toBe(text);
      else expect(new TextDecoder().decode(first as ArrayBuffer)).toBe(text);
      expect(second).toBe("pong between");
      expect(told.pings).toEqual(["between"]);
      await end(told);
    },
  );

  test.each(["", "data", "x".repeat(125)])("a ping is answered and told, %#", async (data) => {
    const told = await open(`/ping?data=${data}`);
    await until(() => told.messages.length === 1);
    expect(told.messages).toEqual([`pong ${data}`]);
    expect(told.pings).toEqual([data]);
    await end(told);
  });

  test("a ping of ours is answered, before messages that wait", async () => {
    const told = await open("/echo"), { socket } = told;
    socket.ping();
    socket.ping("text");
    socket.ping(new Uint8Array([97, 98]));
    await until(() => told.pongs.length === 3);
    expect(told.pongs).toEqual(["", "text", "ab"]);
    expect(() => socket.ping("x".repeat(126))).toThrow(
      expect.objectContaining({ name: "SyntaxError" }),
    );
    await end(told);
  });

  test.each([[1, "ws"], [1, "wss"], [64, "ws"], [64, "wss"]] as const)(
    "a message of %i MiB goes both ways over %s",
    async (mebibytes, kind) => {
      const size = mebibytes * 1024 * 1024, data = bytes(size);
      const init = { curl: { CAINFO: server.ca } };
      const told = connect(`${kind}://127.0.0.1:${server[kind]}/digest`, [], init);
      await told.opened;
      told.socket.send(data);
      expect(told.socket.bufferedAmount).toBe(size);
      expect(JSON.parse(await next(told) as string))
        .toEqual({ length: size, binary: true, sha256: await sha256(data) });
      expect(told.socket.bufferedAmount).toBe(0);
      await end(told);
      const from = connect(`${kind}://127.0.0.1:${server[kind]}/big?size=${size}`, [], init);
      const back = new Uint8Array(await next(from) as ArrayBuffer);
      expect(back.length).toBe(size);
      expect([back[0], back[255], back[256], back[size - 1]]).toEqual([0, 255, 0, 255]);
      await end(from);
    },
    30_000,
  );

  test("while the peer does not read, messages wait", async () => {
    const told = await open("/slow?ms=400"), { socket } = told;
    const size = 16 * 1024 * 1024;
    socket.send(bytes(size));
    socket.send("after");
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(socket.bufferedAmount).toBeGreaterThan(0);
    await until(() => told.messages.length === 2, 10_000);
    expect(told.messages).toEqual([`${size}`, "5"]);
    expect(socket.bufferedAmount).toBe(0);
    await end(told);
  });

  test("what is sent after close() counts as buffered, and goes nowhere", async () => {
    const told = await open("/echo"), { socket } = told;
    socket.send("one");
    socket.close();
    socket.send("€");
    socket.send(new Blob(["12345"]));
    expect(socket.readyState).toBe(2);
    await told.closed;
    expect(socket.bufferedAmount).toBe(8); // not those of "one"
    socket.send(bytes(2));
    expect(socket.bufferedAmount).toBe(10);
    expect(() => socket.ping()).not.toThrow();
  });

  test("100 sockets at once have a connection each", async () => {
    const all = Array.from({ length: 100 }, () => connect(`ws://127.0.0.1:${server.ws}/echo`));
    await Promise.all(all.map(({ opened }) => opened));
    for (const [i, { socket }] of all.entries()) socket.send(`number ${i}`);
    await until(() => all.every(({ messages }) => messages.length === 1), 10_000);
    expect(all.map(({ messages }) => messages[0])).toEqual(all.map((_, i) => `number ${i}`));
    await Promise.all(all.map(end));
  });
});
