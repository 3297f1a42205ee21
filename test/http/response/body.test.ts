// The body of a response: every way to read it.
import { describe, expect, test } from "vitest";
import { useServer } from "../../use.ts";
import { ALPN } from "../../versions.ts";
import { codeOf, failure, get, isBun, isPattern, record, sleep, until } from "../support.ts";

const server = useServer("http", "h2", "unix");

const SIZE = 3_000_000;
const large = () => get(server.url(`/bytes/${SIZE}`));

async function readAll(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream as BodyInit).arrayBuffer());
}

/** How many connections the server has open, asked for over its unix socket. */
async function open(): Promise<number> {
  const curl = { UNIX_SOCKET_PATH: server.unix };
  const all = await (await get("http://x/stats/all", { curl })).json();
  return all.http.open;
}

describe("a body", () => {
  test("is read by any method of the Response", async () => {
    expect(isPattern(await (await large()).bytes())).toBe(true);
    expect((await (await large()).arrayBuffer()).byteLength).toBe(SIZE);
    expect((await (await large()).blob()).size).toBe(SIZE);
    expect(await (await get(server.url("/gzip"))).text()).toContain("compressed by gzip");
    expect(await (await get(server.url("/small"))).json()).toMatchObject({ ok: true });
    const form = "Content-Type: application/x-www-form-urlencoded";
    await using recorder = await record(`HTTP/1.1 200 OK\r\n${form}\r\n\r\na=1&b=2`);
    expect((await (await get(recorder.url)).formData()).get("b")).toBe("2");
  });

  test("has the type of the response as a Blob", async () => {
    expect((await (await get(server.url("/small"))).blob()).type).toMatch(/^application.json/);
  });

  test("is read once", async () => {
    const response = await get(server.url("/small"));
    await response.text();
    expect(await failure(response.text())).toBeInstanceOf(TypeError);
  });

  test("is iterated", async () => {
    let size = 0;
    for await (const chunk of (await large()).body!) {
      expect(isPattern(chunk, size)).toBe(true);
      size += chunk.length;
    }
    expect(size).toBe(SIZE);
  });

  test("is cloned and teed", async () => {
    const response = await large(), clone = response.clone();
    const [one, two] = await Promise.all([response.bytes(), clone.bytes()]);
    expect([one.length, two.length]).toEqual([SIZE, SIZE]);
    const [left, right] = (await large()).body!.tee();
    const halves = await Promise.all([readAll(left), readAll(right)]);
    expect(halves.every((bytes) => bytes.length === SIZE && isPattern(bytes))).toBe(true);
  });

  test("is piped", async () => {
    let size = 0;
    const count = new WritableStream<Uint8Array>({ write: (chunk) => void (size += chunk.length) });
    await (await large()).body!.pipeTo(count);
    expect(size).toBe(SIZE);
    const unpacked = (await get(server.url("/gzip"), { curl: { ACCEPT_ENCODING: null } })).body!
      .pipeThrough(new DecompressionStream("gzip") as ReadableWritablePair<Uint8Array, Uint8Array>);
    expect(new TextDecoder().decode(await readAll(unpacked))).toContain("compressed by gzip");
  });

  test("comes as it arrives", async () => {
    const response = await get(server.url("/stream/5/40"));
    const times: number[] = [];
    for await (const _ of response.body!) times.push(performance.now());
    expect(times.length).toBe(5);
    expect(times[4]! - times[0]!).toBeGreaterThan(100);
  });

  test("may be empty, chunked, or end with the connection", async () => {
    expect(await (await get(server.url("/bytes/0"))).text()).toBe("");
    expect((await (await get(server.url("/chunked/100000"))).bytes()).length).toBe(100_000);
    await using recorder = await record("HTTP/1.1 200 OK\r\n\r\nuntil close");
    expect(await (await get(recorder.url)).text()).toBe("until close");
  });

  test("is the same over HTTP/2", async () => {
    const curl = { CAINFO: server.ca, ...ALPN };
    const bodies = await Promise.all(Array.from({ length: 5 }, async () => {
      const response = await get(server.url(`/bytes/${SIZE}`, "h2"), { curl });
      return await response.bytes();
    }));
    expect(bodies.every((bytes) => bytes.length === SIZE && isPattern(bytes))).toBe(true);
  });
});

describe("a reader with its own buffer", () => {
  // on Bun a body that has arrived whole has none, as with its own fetch, unless it has a signal
  const signal = isBun ? new AbortController().signal : null;

  async function read(url: string, room: number): Promise<number> {
    const reader = (await get(url, { signal })).body!.getReader({ mode: "byob" });
    let size = 0, buffer = new ArrayBuffer(room);
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(buffer));
      if (done) return size;
      expect(isPattern(value, size)).toBe(true);
      size += value.length;
      buffer = value.buffer as ArrayBuffer;
    }
  }

  test("gets all bytes, whatever its size", async () => {
    for (const room of [1000, 16 * 1024, 1 << 20]) {
      expect(await read(server.url(`/bytes/${SIZE}`), room)).toBe(SIZE);
    }
    expect(await read(server.url("/chunked/5000"), 1)).toBe(5000);
    expect(await read(server.url("/bytes/0"), 10)).toBe(0);
    expect(await read(server.url("/slow/20/5"), 7)).toBe(20);
  });

  test("of 16-bit units fails at an odd end, and nothing else does", async () => {
    const response = await get(server.url("/bytes/5"), { signal });
    const reader = response.body!.getReader({ mode: "byob" });
    const units: number[] = [];
    const error = await failure((async () => {
      for (;;) {
        const { done, value } = await reader.read(new Uint16Array(8));
        if (done) throw new TypeError("ended");
        units.push(...value);
      }
    })());
    expect(error).toBeInstanceOf(TypeError);
    expect(units).toEqual([0x0100, 0x0302]);
    expect((await get(server.url("/small"))).status).toBe(200);
  });
});

describe("the end of a body that is not read to its end", () => {
  test("comes with cancel, at once", async () => {
    const before = await open();
    const response = await get(server.url("/bytes/1000000000"), { curl: { FRESH_CONNECT: 1 } });
    const reader = response.body!.getReader();
    await reader.read();
    expect(await open()).toBe(before + 1);
    await reader.cancel("enough");
    expect(await reader.read()).toMatchObject({ done: true });
    let now = NaN;
    for (let i = 0; i < 100 && now !== before; i++) {
      await sleep(10);
      now = await open();
    }
    expect(now).toBe(before);
  });

  test("comes with cancel of an unread body, and with a broken loop", async () => {
    const before = await open();
    const curl = { FRESH_CONNECT: 1 };
    await (await get(server.url("/slow/1000/100"), { curl })).body!.cancel();
    for await (const _ of (await get(server.url("/bytes/1000000000"), { curl })).body!) break;
    let now = NaN;
    for (let i = 0; i < 100 && now !== before; i++) {
      await sleep(10);
      now = await open();
    }
    expect(now).toBe(before);
  });

  test("may be an error: what came before it can be read", async () => {
    for (const path of ["/truncated", "/reset"]) {
      const response = await get(server.url(path));
      const reader = response.body!.getReader();
      const { value } = await reader.read();
      expect(new TextDecoder().decode(value)).toBe("0123456789");
      const error = await failure(reader.read());
      expect(error, path).toBeInstanceOf(TypeError);
      expect(codeOf(error)).toMatch(/CURLE_(PARTIAL_FILE|RECV_ERROR)/);
      expect(await failure(response.clone === undefined ? Promise.reject() : reader.closed))
        .toBe(error);
    }
  });

  test("is no unhandled rejection where it is not read", async () => {
    const before = [await get(server.url("/truncated")), await get(server.url("/reset"))];
    await sleep(50);
    expect(before.map(({ status }) => status)).toEqual([200, 200]);
    let ended = false;
    setTimeout(() => ended = true, 20);
    await until(() => ended);
  });
});
