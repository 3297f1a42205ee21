// An abort after the head ends the body in the same turn, also one that has arrived whole.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Agent, type FetchInit } from "../../../mod.ts";
import { useServer } from "../../use.ts";
import { inChild } from "../child.ts";
import { serveWith } from "../serve.ts";
import { failure, get, record, sleep } from "../support.ts";

const server = useServer("http", "unix");
let agent: Agent;
beforeAll(() => {
  agent = new Agent();
});
afterAll(() => agent.close());

const builtIn = globalThis.fetch;
const reason = new Error("the reason");

/** Bodies that have arrived whole when the signal aborts, and others. */
const PATHS = ["/small", "/bytes/65536", "/bytes/1048576", "/slow/1000/20"];

/** How long a small body may take to arrive, in ms. */
const ARRIVAL = 30;

/** A response, and what aborts its signal. */
async function abortable(path: string, fetch = get): Promise<[Response, () => void]> {
  const controller = new AbortController(), { signal } = controller;
  const init = fetch === get ? { signal, agent } : { signal };
  const response = await fetch(path.includes(":") ? path : server.url(path), init);
  return [response, () => controller.abort(reason)];
}

const own = builtIn as unknown as typeof get;

/** What becomes of a promise before the next macrotask, `"pending"` if nothing does. */
function inThisTurn(promise: Promise<unknown>): Promise<unknown> {
  const later = new Promise((resolve) => setImmediate(() => resolve("pending")));
  return Promise.race([promise.then(() => "resolved", (error) => error), later]);
}

const READS: Readonly<Record<string, (response: Response) => Promise<unknown>>> = {
  "arrayBuffer()": (response) => response.arrayBuffer(),
  "blob()": (response) => response.blob(),
  "bytes()": (response) => response.bytes(),
  "json()": (response) => response.json(),
  "text()": (response) => response.text(),
  "a read": (response) => response.body!.getReader().read(),
  "a reader's `closed`": (response) => response.body!.getReader().closed,
  "a loop": async (response) => {
    for await (const _ of response.body as AsyncIterable<Uint8Array>);
  },
  "pipeTo()": (response) => response.body!.pipeTo(new WritableStream()),
  "a clone": (response) => response.clone().text(),
  "a branch": (response) => new Response(response.body!.tee()[1]).text(),
  "another Response": (response) => new Response(response.body).text(),
  "cancel()": (response) => response.body!.cancel(),
};

describe("an abort fails", () => {
  for (const [name, read] of Object.entries(READS)) {
    test(`${name} that comes after it`, async () => {
      for (const path of PATHS) {
        const [response, abort] = await abortable(path);
        await sleep(ARRIVAL);
        abort();
        expect(await inThisTurn(read(response)), path).toBe(reason);
      }
    });
  }

  const { "cancel()": _, ...BEFORE } = READS;
  for (const [name, read] of Object.entries(BEFORE)) {
    test(`${name} that began before it`, async () => {
      for (const path of PATHS) {
        const [response, abort] = await abortable(path);
        await sleep(ARRIVAL);
        const reading = read(response);
        reading.catch(() => {});
        abort();
        expect(await inThisTurn(reading), path).toBe(reason);
      }
    });
  }

  test("a body right after the response has come", async () => {
    for (const path of PATHS) {
      const [response, abort] = await abortable(path);
      abort();
      expect(await failure(response.text()), path).toBe(reason);
    }
  });

  test("what was cloned, teed or made of it before", async () => {
    for (const path of PATHS) {
      const [response, abort] = await abortable(path), clone = response.clone();
      const [first, second] = response.body!.tee();
      const others = [clone, new Response(first), new Response(second)];
      await sleep(ARRIVAL);
      abort();
      for (const other of others) expect(await failure(other.text()), path).toBe(reason);
    }
  });

  test("the rest of a body that was read in part", async () => {
    for (const path of PATHS) {
      const [response, abort] = await abortable(path), reader = response.body!.getReader();
      expect((await reader.read()).done).toBe(false);
      await sleep(ARRIVAL);
      abort();
      expect(await inThisTurn(reader.read()), path).toBe(reason);
      expect(await inThisTurn(reader.closed), path).toBe(reason);
    }
  });

  test("the body with the very reason, of any type, and with a DOMException for none", async () => {
    for (const given of ["text", { any: "object" }, null]) {
      const controller = new AbortController();
      const response = await get(server.url("/small"), { signal: controller.signal });
      await sleep(ARRIVAL);
      controller.abort(given);
      expect(await failure(response.text())).toBe(given);
    }
    const controller = new AbortController();
    const response = await get(server.url("/small"), { signal: controller.signal });
    controller.abort();
    expect(await failure(response.text())).toMatchObject({ name: "AbortError" });
  });

  test("one body as the other that has the same signal, and none that has been read", async () => {
    const controller = new AbortController(), { signal } = controller;
    const fetchAll = () => Promise.all(PATHS.map((path) => get(server.url(path), { signal })));
    const [read, ...unread] = [await get(server.url("/small"), { signal }), ...await fetchAll()];
    const text = await read!.text();
    controller.abort(reason);
    expect(text).toHaveLength(98);
    for (const response of unread) expect(await failure(response.text())).toBe(reason);
  });
});

test("timeouts and combined signals end a body that has arrived", async () => {
  const any = () => AbortSignal.any([new AbortController().signal, AbortSignal.timeout(100)]);
  for (const make of [() => AbortSignal.timeout(100), any]) {
    const signal = make();
    const response = await get(server.url("/small"), { signal }), clone = response.clone();
    await sleep(150);
    expect(signal.aborted).toBe(true);
    for (const one of [response, clone]) expect(await failure(one.text())).toBe(signal.reason);
    expect(signal.reason).toMatchObject({ name: "TimeoutError" });
  }
});

test("a body that was read to its end stays as it was", async () => {
  for (const path of ["/bytes/0", ...PATHS.slice(0, 3)]) {
    const [response, abort] = await abortable(path), reader = response.body!.getReader();
    let size = 0;
    for (let result = await reader.read(); !result.done; result = await reader.read()) {
      size += result.value.length;
    }
    abort();
    await reader.closed;
    expect(size).toBe(Number(/\d+/.exec(path)?.[0] ?? 98));
  }
});

test("a body that is empty has ended for a reader, and rejects as with the built-in", async () => {
  for (const fetch of [get, own]) {
    const [response, abort] = await abortable("/bytes/0", fetch);
    await sleep(ARRIVAL);
    abort();
    expect(await failure(response.text())).toBe(reason);
  }
  const [response, abort] = await abortable("/bytes/0"), reader = response.body!.getReader();
  abort();
  expect(await reader.read()).toMatchObject({ done: true });
  await reader.closed;
});

test("a local body ends too, and so does one that was checked by its integrity", async () => {
  const blob = URL.createObjectURL(new Blob(["hello"]));
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("hello"));
  const integrity = `sha256-${btoa(String.fromCharCode(...new Uint8Array(hash)))}`;
  await using recorder = await record("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  const inits: [string, FetchInit][] = [
    ["data:,hello", {}],
    [blob, {}],
    [blob, { integrity }],
    ["data:,hello", { integrity }],
    [recorder.url, { integrity }],
  ];
  for (const [url, init] of inits) {
    for (const aborts of [true, false]) {
      const controller = new AbortController(), { signal } = controller;
      const response = await get(url, { ...init, signal });
      if (aborts) controller.abort(reason);
      const result = await response.text().catch((error) => error);
      expect(result, url).toBe(aborts ? reason : "hello");
    }
  }
});

test("an abort of what a handler returned cuts the answer off", async () => {
  const controller = new AbortController(), { signal } = controller;
  await using proxy = serveWith(() => get(server.url("/slow/1000/20"), { signal, agent }));
  const answer = await builtIn(proxy.url), reader = answer.body!.getReader();
  expect((await reader.read()).done).toBe(false);
  controller.abort(new Error("an abort that the server prints"));
  const rest = async () => {
    for (;;) if ((await reader.read()).done) return "ended";
  };
  expect(await failure(rest())).toBeInstanceOf(Error);
});

describe("an abort before the call", () => {
  const signal = AbortSignal.abort(reason);

  test("cancels the body within the call", async () => {
    await using recorder = await record();
    const reasons: unknown[] = [];
    const stream = () =>
      new ReadableStream<Uint8Array>({ cancel: (given) => void reasons.push(given) });
    const iterable: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => Promise.reject(new Error("it is not read")),
        return(given?: unknown) {
          reasons.push(given);
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    const post = (body: NonNullable<FetchInit["body"]>) =>
      get(recorder.url, { method: "POST", body, signal });
    const init = { method: "POST", body: stream(), duplex: "half" };
    const request = new Request(recorder.url, init as RequestInit);
    const calls = [post(stream()), post(iterable), get(request, { signal })];
    expect(reasons).toEqual([reason, reason, reason]);
    for (const call of calls) expect(await failure(call)).toBe(reason);
    expect(request.bodyUsed).toBe(true);
    expect(recorder.received).toEqual([]);
  });

  test("errors of the arguments come first", async () => {
    const locked = new ReadableStream<Uint8Array>();
    locked.getReader();
    for (const init of [{ method: "GET", body: "x" }, { method: "POST", body: locked }]) {
      expect(await failure(get("http://127.0.0.1:1/", { ...init, signal })))
        .toBeInstanceOf(TypeError);
    }
  });
});

/** Garbage is collected only where the runtime is told that it may be. */
const env = { DENO_V8_FLAGS: "--expose-gc" };

test("a body that is not read does not keep the process until its signal's timeout", async () => {
  const read = 'await (await ask(base + "/small", { signal })).text();';
  for (const last of ["", read]) { // the driver's listeners count for a timeout on Deno
    const child = await inChild(
      server,
      `const signal = AbortSignal.timeout(20_000);
      const paths = ["/small", "/bytes/0"];
      globalThis.kept = await Promise.all(paths.map((path) => ask(base + path, { signal })));
      await sleep(20);
      ${last}
      mark();`,
    );
    expect(child, child.stderr).toMatchObject({ code: 0 });
    expect(child.exitMs).toBeLessThan(5000);
  }
});

test("a signal keeps no reference to a body that was collected", async () => {
  const child = await inChild(
    server,
    `const { signal } = new AbortController();
    const forget = async () => {
      for (let i = 0; i < 300; i++) await ask(base + "/bytes/60000", { signal });
      for (let i = 0; i < 10; i++) {
        await sleep(10);
        collect();
      }
    };
    await forget();
    const before = rss();
    for (let i = 0; i < 5; i++) await forget();
    say((rss() - before) / ${1 << 20});`,
    { env, timeoutMs: 60_000 },
  );
  expect(child, child.stderr).toMatchObject({ code: 0 });
  expect(child.said[0]).toBeLessThan(43); // of 86
}, 70_000);

test("garbage collection loses no abort", async () => {
  const child = await inChild(
    server,
    `const controller = new AbortController();
    const responses = [];
    for (const path of ["/small", "/bytes/0", "/bytes/100000"]) {
      responses.push(await ask(base + path, { signal: AbortSignal.any([controller.signal]) }));
    }
    for (let i = 0; i < 5; i++) {
      await sleep(10);
      collect();
    }
    const closed = responses[0].body.getReader().closed.catch((error) => error);
    controller.abort("reason");
    const texts = responses.slice(1).map((response) => response.text().catch((error) => error));
    say([await closed, ...await Promise.all(texts)]);`,
    { env },
  );
  expect(child, child.stderr).toMatchObject({ code: 0, said: [["reason", "reason", "reason"]] });
});
